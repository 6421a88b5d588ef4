import pytest

from loadtests.recorder import WARM_UP, Figures, Series
from loadtests.thresholds import Hope, Verdict, judge, read_thresholds

MS = 1_000_000


def figures(*groups: tuple[int, int, bool], journey: str = "reader", stage: str = "100/s for 1s") -> Figures:
    """So many requests of that latency (ms), good or failed."""
    made = Figures()
    for count, latency, failed in groups:
        pair = made.times[Series(stage, "target", journey, "GET /api/tags", "200", failed)]
        for _ in range(count):
            pair.latency.record(latency * MS)
            pair.service.record(latency * MS // 2)
    return made


MIXED = figures((985, 20, False), (15, 300, True))

CASES = {
    "p99<100ms": Verdict.BROKEN,
    "p98<100ms": Verdict.HOLDS,
    "p99.99<1s": Verdict.TOO_FEW,
    "p99.99<100ms": Verdict.BROKEN,
    "service p99 <= 151ms": Verdict.HOLDS,
    "reader: p50<21ms": Verdict.HOLDS,
    "GET /api/tags: p50<21000us": Verdict.HOLDS,
    "nobody: p50<21ms": Verdict.UNMEASURED,
    "errors<1.5%": Verdict.BROKEN,
    "errors<=1.5%": Verdict.HOLDS,
    "errors<0.02": Verdict.HOLDS,
    "rate>=98": Verdict.HOLDS,
    "rate>=100": Verdict.BROKEN,
    "mean<25ms": Verdict.HOLDS,
    "max<300ms": Verdict.BROKEN,
}


@pytest.mark.parametrize("text", CASES)
def test_verdicts(text: str) -> None:
    """1,000 requests in 10 s, of which 15 are slow and failed, by each kind of threshold."""
    (judged,) = judge(tuple(read_thresholds(text)), MIXED, measured_s=10.0)
    assert judged.verdict is CASES[text], judged


def test_too_few_values_show_nothing() -> None:
    """99 good requests do not show that 99 % are good, nor that fewer than one in a hundred fails; 100 do."""
    for text in ("p99<100ms", "errors<1%"):
        for count, verdict in ((99, Verdict.TOO_FEW), (100, Verdict.HOLDS)):
            (judged,) = judge(tuple(read_thresholds(text)), figures((count, 20, False)), 1.0)
            assert judged.verdict is verdict


def test_the_warm_up_is_left_out() -> None:
    """Slow requests of the warm-up break nothing."""
    both = figures((200, 10, False))
    both.add(figures((200, 900, True), stage=WARM_UP))
    (judged,) = judge(tuple(read_thresholds("p99<100ms")), both, 1.0)
    assert (judged.verdict, judged.count) == (Verdict.HOLDS, 200)


def test_what_good_requests_could_still_save_is_not_given_up() -> None:
    """10 % are too slow: with ten times as many to come p99 can be saved by them alone, with three times it cannot."""
    thresholds = tuple(read_thresholds("p99<100ms, errors<0.1%, rate>=500"))
    hope = Hope(thresholds)
    hope.add(figures((90, 10, False), (2, 300, False)))
    hope.add(figures((8, 300, False)))
    assert list(hope.lost(more=10.0)) == []
    assert list(hope.lost(more=3.0)) == ["p99<100ms: 10 of 100 requests broke it"]
    assert list(hope.lost(more=float("inf"))) == []
    hope.add(figures((5, 10, True)))
    assert [one.partition(":")[0] for one in hope.lost(more=1.0)] == ["p99<100ms", "errors<0.1%"]


@pytest.mark.parametrize("text", ["p99", "p99<100", "p99>100ms", "errors<5ms", "rate<5", "p100<1s", "speed<3s"])
def test_what_is_no_threshold_is_refused_in_one_sentence(text: str) -> None:
    """No form, another unit, another sign: one sentence that names it."""
    with pytest.raises(ValueError, match=r"^The threshold .*\.$"):
        read_thresholds(text)


def test_a_file_has_comments_and_lines() -> None:
    """Lines, commas and comments."""
    text = "# our promise\np99<100ms, errors<0.1%\n\nauthor: p95<1.5s  # writes\n"
    assert [(one.of, one.metric, one.limit) for one in read_thresholds(text)] == [
        ("", "p99", 100 * MS),
        ("", "errors", pytest.approx(0.001)),
        ("author", "p95", 1500 * MS),
    ]
