import asyncio
from collections.abc import Callable

import pytest

from target_app.controls import login_throttle
from target_app.controls.login_throttle import ADDRESS_BUDGET, PAIR_BUDGET, STRANGERS_BUDGET
from target_app.redis_client import PROBE_S
from target_app.schema import now_ms
from tests.parts.loopback import free_port, random_address
from tests.parts.redis import redis_at
from tests.target_app.app_client import AppClient, errors

Make = Callable[..., AppClient]


@pytest.fixture(params=["database", "redis", "process"])
def throttled(request: pytest.FixtureRequest, client: Make) -> Callable[[], AppClient]:
    """Makes apps whose throttle keeps its counters in the database, in a Redis or in the process."""
    if request.param == "process":
        return lambda: client("login_throttle=per_process")
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    return lambda: client("login_throttle=shared", redis_url=url)


def guess(app: AppClient, account: str, times: int, address: str = "127.0.0.9") -> list[int]:
    return [app.log_in(account, "wrong", address).status_code for _ in range(times)]


def test_a_pair_has_ten_failures(throttled: Callable[[], AppClient]) -> None:
    """After ten wrong passwords an address is refused, even with the right one; the answer says for how long."""
    app = throttled()
    app.register("ann")
    assert guess(app, "ann", PAIR_BUDGET + 1) == [401] * PAIR_BUDGET + [429]
    refused = app.log_in("ann")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 600
    assert errors(refused) == {"credentials": ["too many attempts"]}


def test_success_clears_the_pair(throttled: Callable[[], AppClient]) -> None:
    """The right password gives the pair its whole budget back."""
    app = throttled()
    app.register("ann")
    for _ in range(2):
        assert guess(app, "ann", PAIR_BUDGET - 1) == [401] * (PAIR_BUDGET - 1)
        assert app.log_in("ann").status_code == 200


def test_an_address_has_thirty_failures_over_all_accounts(throttled: Callable[[], AppClient]) -> None:
    """One guess on each of many accounts is refused after thirty, unknown accounts counted; other addresses are not."""
    app = throttled()
    app.register("ann")
    sprayed = [app.log_in(f"account{number}", "wrong").status_code for number in range(ADDRESS_BUDGET + 2)]
    assert sprayed == [401] * ADDRESS_BUDGET + [429] * 2
    assert app.log_in("ann").status_code == 429
    assert app.log_in("ann", address="127.0.0.10").status_code == 200


def test_guessing_from_many_addresses_ends_without_locking_the_owner_out(throttled: Callable[[], AppClient]) -> None:
    """Fifty failures from strange addresses close the account to all such addresses; the owner's own stays open."""
    app = throttled()
    app.register("ann")
    assert app.log_in("ann", address="127.0.1.1").status_code == 200
    seen: list[int] = []
    for number in range(STRANGERS_BUDGET // 5):
        seen += guess(app, "ann", 5, address=f"127.0.2.{number}")
    assert seen == [401] * STRANGERS_BUDGET
    assert app.log_in("ann", address="127.0.3.1").status_code == 429
    assert app.log_in("ann", address="127.0.1.1").status_code == 200


def test_a_budget_comes_back_after_the_window(
    throttled: Callable[[], AppClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A window later nothing of the failures is left."""
    app = throttled()
    app.register("ann")
    guess(app, "ann", PAIR_BUDGET)
    assert app.log_in("ann").status_code == 429
    now = now_ms()
    monkeypatch.setattr(login_throttle, "now_ms", lambda: now + login_throttle.WINDOW_MS + 1)
    assert app.log_in("ann").status_code == 200


def test_a_refusal_comes_before_the_hash(client: Make) -> None:
    """A refused log-in hashes nothing, so that refusing is cheap."""
    app = client()
    app.register("ann")
    guess(app, "ann", PAIR_BUDGET)
    before = app.metric("target_password_hash_seconds_count")
    assert guess(app, "ann", 3) == [429] * 3
    assert app.metric("target_password_hash_seconds_count") == before
    assert app.metric('target_control_decisions_total{control="login_throttle",decision="deny"}') == 3


@pytest.mark.parametrize("state", ["database", "redis"])
def test_parallel_guesses_do_not_multiply_the_budget(client: Make, state: str, request: pytest.FixtureRequest) -> None:
    """Of eighteen guesses sent nine at a time, no more than the budget is answered."""
    url = request.getfixturevalue("redis_url") if state == "redis" else ""
    app = client("password_hash=bcrypt_4", hash_threads=4, redis_url=url)
    app.register("ann")
    words = [f"wrong{number}" for number in range(9)]

    async def at_once() -> list[int]:
        attempts = [
            app.send("POST", "/api/users/login", None, "127.0.0.9", {}, json=body)
            for word in words
            for body in [{"user": {"email": "ann@example.test", "password": word}}]
        ]
        return [answer.status_code for answer in await asyncio.gather(*attempts)]

    first, second = app.run(at_once()), app.run(at_once())
    answered = [status for status in first + second if status == 401]
    assert len(answered) == PAIR_BUDGET
    assert set(first + second) == {401, 429}


def test_the_header_of_a_proxy_is_not_believed(client: Make) -> None:
    """X-Forwarded-For changes nothing: whoever guesses writes it."""
    app = client()
    app.register("ann")
    user = {"user": {"email": "ann@example.test", "password": "wrong"}}
    seen = [
        app.call("POST", "/api/users/login", json=user, headers={"X-Forwarded-For": f"10.0.0.{number}"}).status_code
        for number in range(PAIR_BUDGET + 1)
    ]
    assert seen == [401] * PAIR_BUDGET + [429]


def test_shared_budgets_are_common_to_all_workers_and_survive_a_restart(client: Make) -> None:
    """Two apps on one database have one budget; each worker's own memory has one each."""
    shared = [client(), client()]
    shared[0].register("ann")
    assert guess(shared[0], "ann", 5) + guess(shared[1], "ann", 6) == [401] * 10 + [429]
    own = [client("login_throttle=per_process"), client("login_throttle=per_process")]
    own[0].register("bob")
    assert guess(own[0], "bob", 10) + guess(own[1], "bob", 10) == [401] * 20


def test_budgets_in_redis_are_common_to_all_workers(client: Make, redis_url: str) -> None:
    """Two apps on one Redis have one budget, and nothing of it stands in the database."""
    apps = [client(redis_url=redis_url), client(redis_url=redis_url)]
    apps[0].register("ann")
    assert guess(apps[0], "ann", 5) + guess(apps[1], "ann", 6) == [401] * 10 + [429]
    assert client().log_in("ann").status_code == 200


def test_without_redis_each_worker_listens_to_its_part(client: Make) -> None:
    """While Redis is away two workers take five guesses each, signing in and reading go on, and it is counted."""
    host = random_address()
    port = free_port(host)
    url = f"redis://{host}:{port}/0"
    with redis_at(host, port):
        apps = [client(redis_url=url, workers=2), client(redis_url=url, workers=2)]
        apps[0].register("ann")
        assert guess(apps[0], "ann", 3) == [401] * 3
    for app in apps:
        assert guess(app, "ann", 6) == [401] * 5 + [429]
        assert app.log_in("ann", address="127.0.0.10").status_code == 200
        assert app.call("GET", "/api/tags").status_code == 200
        # Of each attempt, a look before the hash and what is done after it.
        assert app.metric('target_state_fallbacks_total{control="login_throttle"}') >= 12
    with redis_at(host, port):
        for app in apps:
            app.run(asyncio.sleep(PROBE_S + 0.1))
        assert guess(apps[0], "ann", 5) + guess(apps[1], "ann", 6) == [401] * 10 + [429]


def test_a_full_redis_throttles_no_less(client: Make, redis_url: str) -> None:
    """A Redis that takes no more writes is one that is away for them: the worker counts, within its part."""
    app = client(redis_url=redis_url, workers=2)
    app.register("ann")
    redis = app.app.state.parts.redis
    app.run(redis.call(lambda one: one.config_set("maxmemory", "1")))
    assert guess(app, "ann", 6)[-1] == 429
    assert redis.available


def test_off_listens_to_everything(client: Make) -> None:
    """Without a throttle forty wrong passwords are forty plain refusals, and nothing is stored."""
    app = client("login_throttle=off")
    app.register("ann")
    assert set(guess(app, "ann", 40)) == {401}
    assert app.log_in("ann").status_code == 200


def test_a_log_in_without_failures_writes_once_and_then_reads(client: Make) -> None:
    """The first success from an address remembers it; from then on the throttle costs two reads and no write."""
    app = client()
    app.register("ann")
    app.log_in("ann")
    before = app.metric("target_db_statements_total")
    app.log_in("ann")
    # The credentials, the user's row, and the budgets before and after the hash.
    assert app.metric("target_db_statements_total") == before + 4
