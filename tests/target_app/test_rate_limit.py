import asyncio
from collections.abc import Callable

import pytest

from target_app.controls import rate_limit
from target_app.controls.buckets import BURST_MS
from target_app.controls.rate_limit import CHUNK, COSTS, block
from target_app.schema import now_ms
from tests.target_app.app_client import AppClient, errors

Make = Callable[..., AppClient]
#: Registrations of a full budget.
BURST = BURST_MS // COSTS["POST", "/api/users"]


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> int:
    """The moment (ms) at which the clock of budgets stands still."""
    now = now_ms()
    monkeypatch.setattr(rate_limit, "now_ms", lambda: now)
    return now


@pytest.fixture(params=["database", "redis", "process"])
def limited(request: pytest.FixtureRequest, client: Make, standing: int) -> Callable[[], AppClient]:
    """Makes apps whose budgets stand in the database, in a Redis or in the process."""
    del standing
    if request.param == "process":
        return lambda: client("rate_limit=per_process")
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    return lambda: client(redis_url=url)


def tried(app: AppClient, times: int, address: str = "127.0.0.9", **headers: str) -> list[int]:
    """Statuses of registrations without anything."""
    return [app.call("POST", "/api/users", address=address, headers=headers, json={}).status_code for _ in range(times)]


def test_an_address_has_a_budget(limited: Callable[[], AppClient]) -> None:
    """A hundred registrations are listened to, the next one is refused in the contract's shape; others are not."""
    app = limited()
    assert tried(app, BURST + 1) == [422] * BURST + [429]
    refused = app.call("POST", "/api/users", json={})
    assert errors(refused) == {"requests": ["are too many"]}
    assert refused.headers["retry-after"] == "1"
    assert tried(app, 1, address="127.0.0.10") == [422]
    assert app.metric('target_control_decisions_total{control="rate_limit",decision="deny"}') == 2
    assert app.metric('target_control_decisions_total{control="rate_limit",decision="allow"}') >= BURST


def test_a_budget_comes_back(limited: Callable[[], AppClient], standing: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second later there are points for ten more."""
    app = limited()
    assert tried(app, BURST + 1)[-1] == 429
    monkeypatch.setattr(rate_limit, "now_ms", lambda: standing + 1000)
    assert tried(app, 11) == [422] * 10 + [429]


def test_reading_costs_a_hundredth(limited: Callable[[], AppClient]) -> None:
    """Where nothing is left for a registration, pages are still read; watching costs nothing at all."""
    app = limited()
    tried(app, BURST - 1)
    assert {app.call("GET", "/api/tags").status_code for _ in range(50)} == {200}
    assert tried(app, 1) == [429]
    assert {app.call("GET", path).status_code for path in ("/health", "/metrics") for _ in range(CHUNK)} == {200}


@pytest.mark.usefixtures("standing")
def test_common_requests_ask_nobody(client: Make) -> None:
    """Of a chunk of requests one asks the database for a lease; refusals ask it no more than one does."""
    app = client()
    for requests, statements in ((1, 1), (CHUNK - 1, 0), (1, 1)):
        before = app.metric("target_db_statements_total")
        for _ in range(requests):
            app.call("GET", "/nowhere", address="127.0.0.11")
        assert app.metric("target_db_statements_total") - before == statements
    tried(app, BURST + 1)
    before = app.metric("target_db_statements_total")
    assert tried(app, 5) == [429] * 5
    assert app.metric("target_db_statements_total") == before


def test_requests_at_once_share_a_lease(client: Make, redis_url: str) -> None:
    """Fifty that come together while there is none wait for one."""
    app = client(redis_url=redis_url)
    redis = app.app.state.parts.redis

    async def at_once() -> int:
        await asyncio.gather(*(app.send("GET", "/nowhere", None, "127.0.0.11", {}) for _ in range(50)))
        keys = await redis.call(lambda one: one.keys("throttle:*"))
        full_at = await redis.call(lambda one: one.get(keys[0]))
        return int(full_at) - now_ms()

    assert 0 < app.run(at_once()) <= CHUNK


@pytest.mark.usefixtures("standing")
@pytest.mark.parametrize("state", ["database", "redis"])
def test_shared_budgets_are_common_to_all_workers(client: Make, state: str, request: pytest.FixtureRequest) -> None:
    """Two apps on one store have one budget; each process's own memory has one each."""
    url = request.getfixturevalue("redis_url") if state == "redis" else ""
    shared = [client(redis_url=url), client(redis_url=url)]
    assert tried(shared[0], BURST // 2) == [422] * (BURST // 2)
    assert tried(shared[1], BURST // 2 + 1) == [422] * (BURST // 2) + [429]
    own = [client("rate_limit=per_process"), client("rate_limit=per_process")]
    assert [tried(app, BURST) for app in own] == [[422] * BURST] * 2


@pytest.mark.usefixtures("standing")
def test_a_header_is_believed_where_it_should_not_be(client: Make) -> None:
    """X-Forwarded-For changes nothing, but at the level that trusts it."""
    for treatment, status in (("rate_limit=shared", 429), ("rate_limit=trusts_forwarded_for", 422)):
        app = client(treatment)
        tried(app, BURST + 1)
        assert tried(app, 1, **{"X-Forwarded-For": "203.0.113.9, 198.51.100.1"}) == [status]


@pytest.mark.usefixtures("standing")
def test_a_store_that_is_away_refuses_nobody_and_lets_no_more_through(client: Make) -> None:
    """Without a database that can be written each of two workers listens to half, and counts that it had to."""
    app = client(workers=2)
    connection = app.run(app.app.state.parts.database.open_writing())  # another transaction that does not end
    try:
        assert tried(app, BURST // 2 + 1) == [422] * (BURST // 2) + [429]
    finally:
        app.run(connection.rollback())
    assert app.metric('target_state_fallbacks_total{control="rate_limit"}') > 0


@pytest.mark.parametrize(
    ("address", "known_as"),
    [
        ("127.0.0.9", "127.0.0.9"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:0:1", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no:address", "no:address"),
    ],
)
def test_an_address_is_what_its_owner_cannot_change(address: str, known_as: str) -> None:
    """Who has one address of an IPv6 network has all of its 64 bits."""
    assert block(address) == known_as


def test_off_listens_to_everything(client: Make) -> None:
    """Without a limit three bursts are listened to."""
    assert set(tried(client("rate_limit=off"), 3 * BURST)) == {422}
