import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from loadtests.accounts import LogIn, Templates
from loadtests.client import Client
from loadtests.journeys import JOURNEYS, WEIGHTS
from loadtests.journeys.conduit import PASSING_TITLE
from loadtests.steps import Answer, Step, Visit, log_in_step, pick
from loadtests.walk import Observed, walk
from security.guard import allow
from tests.loadtests.small_conduit import SmallConduit

ACCOUNT = Templates().account(3)


@pytest.fixture
def client(conduit: SmallConduit) -> Iterator[Client]:
    """A signed-in client of account 3."""
    signed_in = Client(allow(conduit.url), ACCOUNT.source, timeout_s=5)
    token = signed_in.send(log_in_step(LogIn(), ACCOUNT)).text("user", "token")
    signed_in.sign(LogIn().credential(token))
    conduit.seen.clear()
    yield signed_in
    signed_in.close()


def go(client: Client, name: str, seed: int = 1) -> tuple[bool, list[Observed]]:
    seen: list[Observed] = []
    return walk(JOURNEYS[name].steps(Visit(ACCOUNT, seed)), client.send, 0, seen.append), seen


EXPECTED = {
    "anonymous_reader": [
        ("GET /api/articles", 200),
        ("GET /api/articles/{slug}", 200),
        ("GET /api/articles/{slug}/comments", 200),
        ("GET /api/tags", 200),
        ("GET /api/profiles/{username}", 200),
        ("GET /api/articles?tag={tag}", 200),
    ],
    "signed_in_reader": [
        ("GET /api/articles/feed", 200),
        ("GET /api/articles", 200),
        ("GET /api/articles/{slug}", 200),
        ("GET /api/articles/{slug}/comments", 200),
        ("POST /api/articles/{slug}/favorite", 200),
        ("DELETE /api/articles/{slug}/favorite", 200),
        ("GET /api/profiles/{username}", 200),
    ],
    "author": [
        ("POST /api/articles", 201),
        ("PUT /api/articles/{slug}", 200),
        ("GET /api/articles/{slug}", 200),
        ("POST /api/articles/{slug}/comments", 201),
        ("DELETE /api/articles/{slug}/comments/{id}", 204),
        ("DELETE /api/articles/{slug}", 204),
    ],
    "log_in": [("POST /api/users/login", 200)],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_steps_of_a_journey(client: Client, conduit: SmallConduit, name: str) -> None:
    """Each journey makes its requests under bounded names, ends, and leaves the data as it found them."""
    before = {slug: dict(article) for slug, article in conduit.articles.items()}
    completed, seen = go(client, name)
    assert completed
    assert sorted((one.step.name, one.status) for one in seen) == sorted(EXPECTED[name])
    assert conduit.articles == before
    assert not conduit.comments


def test_credentials_are_sent_where_they_belong(client: Client, conduit: SmallConduit) -> None:
    """The anonymous reader sends no credential, a signed-in user sends the account's own with every step."""
    go(client, "anonymous_reader")
    assert {one.credential for one in conduit.seen} == {None}
    conduit.seen.clear()
    go(client, "signed_in_reader")
    assert {one.credential for one in conduit.seen} == {"Token token.of.reader0003"}


def test_the_log_in_is_the_accounts_own(client: Client, conduit: SmallConduit) -> None:
    """The log-in journey is one request with the account's e-mail and password, from its own source address."""
    go(client, "log_in")
    (seen,) = conduit.seen
    assert (seen.method, seen.path, seen.peer) == ("POST", "/api/users/login", "127.77.0.3")
    assert seen.body == {"user": {"email": "reader0003@example.test", "password": "correct-horse-0003"}}


def test_a_favorite_stays_one(client: Client, conduit: SmallConduit) -> None:
    """An article that is a favorite before the visit is one afterwards, and one that is none stays none."""
    for seed in range(12):
        before = {slug: article["favorited"] for slug, article in conduit.articles.items()}
        completed, _ = go(client, "signed_in_reader", seed)
        assert completed
        assert {slug: article["favorited"] for slug, article in conduit.articles.items()} == before


def test_the_seed_decides_what_is_asked_for(client: Client, conduit: SmallConduit) -> None:
    """The same seed asks for the same paths, and different seeds spread over the articles."""

    def paths(seed: int) -> list[str]:
        conduit.seen.clear()
        go(client, "anonymous_reader", seed)
        return [one.path for one in conduit.seen]

    assert paths(5) == paths(5)
    assert len({paths(seed)[1] for seed in range(30)}) > 10


def test_the_rest_of_a_failed_journey_is_skipped(client: Client, conduit: SmallConduit) -> None:
    """After an unexpected status no further step is sent, and the observation says what was wrong."""
    conduit.overrides["GET", "/api/tags"] = 503
    completed, seen = go(client, "anonymous_reader")
    assert not completed
    assert [one.step.name for one in seen][-1] == "GET /api/tags"
    assert [one.problem for one in seen] == [None, None, None, "status 503"]


def test_latency_counts_from_when_a_step_was_due(client: Client) -> None:
    """The first step's latency counts from its intended send time, however late it is sent; later ones do not."""
    seen: list[Observed] = []
    second_ago = time.monotonic_ns() - 1_000_000_000
    walk(JOURNEYS["anonymous_reader"].steps(Visit(ACCOUNT, 1)), client.send, second_ago, seen.append)
    assert 1_000_000_000 < seen[0].latency_ns < 2_000_000_000
    assert all(later.latency_ns < 500_000_000 for later in seen[1:])


def test_an_empty_list_is_a_problem_not_a_pass(client: Client, conduit: SmallConduit) -> None:
    """A reader that finds nothing to read is an error: the article's route would go unmeasured."""
    conduit.articles.clear()
    completed, seen = go(client, "anonymous_reader")
    assert not completed
    assert seen[-1].problem == "no entry at articles of the answer"


def test_articles_about_to_go_are_not_chosen() -> None:
    """A reader never chooses an article that an author's journey is about to delete."""
    listed = [{"slug": f"p{n}", "title": f"{PASSING_TITLE} {n}", "author": {"username": "a"}} for n in range(19)]
    listed.append({"slug": "stays", "title": "A title", "author": {"username": "a"}})
    page = Answer(200, b"")
    page._parsed = {"articles": listed}
    for seed in range(20):
        journey = JOURNEYS["anonymous_reader"].steps(Visit(ACCOUNT, seed))
        next(journey)
        following = journey.send(page)
        assert isinstance(following, Step)
        assert following.path == "/api/articles/stays"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"articles": 5}', b'{"articles": [{"title": "x"}]}'])
def test_a_malformed_answer_ends_the_journey(body: bytes) -> None:
    """An answer of the right status without the right content is a counted problem, not an exception."""
    seen: list[Observed] = []

    def send(step: Step) -> Answer:
        return Answer(200, body)

    assert not walk(JOURNEYS["anonymous_reader"].steps(Visit(ACCOUNT, 1)), send, 0, seen.append)
    assert len(seen) == 1
    assert seen[0].problem


def test_weights_are_those_of_journeys() -> None:
    """The default mix is of journeys that there are, and adds up to a hundred."""
    assert WEIGHTS.keys() <= JOURNEYS.keys()
    assert sum(WEIGHTS.values()) == 100


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Evil: 1", "ä"])
def test_a_token_cannot_forge_a_header(token: str) -> None:
    """A token that would break out of its header line is refused."""
    with pytest.raises(ValueError, match="no header may hold") as raised:
        LogIn().credential(token)
    assert not token or token not in str(raised.value)


@pytest.mark.parametrize(
    ("templates", "reason"),
    [
        (Templates(source="10.0.0.{n}"), "no IPv4 loopback"),
        (Templates(source="127.77.0.{m}"), "cannot be filled in"),
        (Templates(email="{n:zz}"), "cannot be filled in"),
    ],
)
def test_broken_templates_are_refused(templates: Templates, reason: str) -> None:
    """A template that gives no account, or a source address that is not loopback, is a ValueError."""
    with pytest.raises(ValueError, match=reason):
        templates.account(3)


def test_accounts_hide_their_password() -> None:
    """No password shows in the representation that a log or a failed assertion would print."""
    shown: list[Any] = [Templates(), ACCOUNT]
    assert all("horse" not in repr(one) for one in shown)


def test_arrivals_of_one_seed_choose_evenly() -> None:
    """Of 24 arrivals, each eighth of what there is to choose from is chosen two to four times, for any seed."""
    for seed in range(50):
        for draw in range(2):
            numbers = [next(islice(Visit(ACCOUNT, seed, arrival=n).choices(), draw, None)) for n in range(24)]
            eighths = Counter(pick(number, 8) for number in numbers)
            assert set(eighths) == set(range(8))
            assert all(2 <= times <= 4 for times in eighths.values()), eighths
