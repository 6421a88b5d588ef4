import asyncio
from collections.abc import Callable

import pytest

from target_app.controls import login_throttle
from target_app.controls.login_throttle import ADDRESS_BUDGET, PAIR_BUDGET, STRANGERS_BUDGET
from target_app.schema import now_ms
from tests.target_app.app_client import AppClient, errors

Make = Callable[..., AppClient]
LEVELS = ["shared", "per_process"]


def guess(app: AppClient, account: str, times: int, address: str = "127.0.0.9") -> list[int]:
    return [app.log_in(account, "wrong", address).status_code for _ in range(times)]


@pytest.mark.parametrize("level", LEVELS)
def test_a_pair_has_ten_failures(client: Make, level: str) -> None:
    """After ten wrong passwords an address is refused, even with the right one; the answer says for how long."""
    app = client(f"login_throttle={level}")
    app.register("ann")
    assert guess(app, "ann", PAIR_BUDGET + 1) == [401] * PAIR_BUDGET + [429]
    refused = app.log_in("ann")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 600
    assert errors(refused) == {"credentials": ["too many attempts"]}


@pytest.mark.parametrize("level", LEVELS)
def test_success_clears_the_pair(client: Make, level: str) -> None:
    """The right password gives the pair its whole budget back."""
    app = client(f"login_throttle={level}")
    app.register("ann")
    for _ in range(2):
        assert guess(app, "ann", PAIR_BUDGET - 1) == [401] * (PAIR_BUDGET - 1)
        assert app.log_in("ann").status_code == 200


@pytest.mark.parametrize("level", LEVELS)
def test_an_address_has_thirty_failures_over_all_accounts(client: Make, level: str) -> None:
    """One guess on each of many accounts is refused after thirty, unknown accounts counted; other addresses are not."""
    app = client(f"login_throttle={level}")
    app.register("ann")
    sprayed = [app.log_in(f"account{number}", "wrong").status_code for number in range(ADDRESS_BUDGET + 2)]
    assert sprayed == [401] * ADDRESS_BUDGET + [429] * 2
    assert app.log_in("ann").status_code == 429
    assert app.log_in("ann", address="127.0.0.10").status_code == 200


@pytest.mark.parametrize("level", LEVELS)
def test_guessing_from_many_addresses_ends_without_locking_the_owner_out(client: Make, level: str) -> None:
    """Fifty failures from strange addresses close the account to all such addresses; the owner's own stays open."""
    app = client(f"login_throttle={level}")
    app.register("ann")
    assert app.log_in("ann", address="127.0.1.1").status_code == 200
    seen: list[int] = []
    for number in range(STRANGERS_BUDGET // 5):
        seen += guess(app, "ann", 5, address=f"127.0.2.{number}")
    assert seen == [401] * STRANGERS_BUDGET
    assert app.log_in("ann", address="127.0.3.1").status_code == 429
    assert app.log_in("ann", address="127.0.1.1").status_code == 200


def test_a_budget_comes_back_after_the_window(client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window later nothing of the failures is left."""
    app = client()
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


def test_parallel_guesses_do_not_multiply_the_budget(client: Make) -> None:
    """Of eighteen guesses sent nine at a time, no more than the budget is answered."""
    app = client("password_hash=bcrypt_4", hash_threads=4)
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
