from hypothesis import given
from hypothesis import strategies as st

from loadtests.orders import Orders, words
from loadtests.split import Split

WORKERS = ("a", "b", "c", "d")

turns = st.lists(
    st.tuples(st.integers(1, 400), st.lists(st.sampled_from(WORKERS), min_size=1, unique=True)), max_size=6
)


@given(turns, st.integers(0, 500))
def test_each_arrival_has_one_owner_and_the_counts_say_so(changes: list[tuple[int, list[str]]], below: int) -> None:
    """Whoever comes and goes: the owned counts of all workers are those of the owners, and add up to all arrivals."""
    split = Split()
    split.begin(0, WORKERS)
    for first, workers in sorted(changes):
        split.begin(first, workers)
    owners = [split.owner(index) for index in range(below)]
    assert {one: split.owned(one, below) for one in WORKERS} == {one: owners.count(one) for one in WORKERS}
    assert Split.of(split.pairs()).turns == split.turns


def test_a_turn_that_never_began_is_forgotten() -> None:
    """A later word about the same arrivals replaces the one before."""
    split = Split()
    split.begin(0, ("a", "b"))
    split.begin(100, ("a",))
    split.begin(100, ("b",))
    assert [split.owner(index) for index in (99, 100, 101)] == ["b", "b", "b"]
    assert split.workers == ("b",)


def test_an_overtaken_word_changes_nothing() -> None:
    """Orders keep the last word by the moment at which it was said, and how far it is final."""
    first, later = Split(), Split()
    first.begin(0, ("a",))
    later.begin(0, ("b",))
    orders = Orders()
    orders.hear(words("run", 5.0, later))
    orders.hear(words("run", 4.0, first))
    assert orders.mine("b", 7, due_s=6.0)
    orders.hear(words("another run", -0.3, first))
    assert orders.mine("a", 7, due_s=0.7)
