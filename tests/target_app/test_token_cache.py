from collections.abc import Callable

import pytest

from target_app.tuning import token_cache
from target_app.tuning.token_cache import ENTRIES, Kept
from target_app.users.session import Session
from tests.target_app.app_client import AppClient

Make = Callable[..., AppClient]
STATEMENTS = {"off": 1, "with_revocation": 1, "without_revocation": 0}


@pytest.mark.parametrize("level", STATEMENTS)
def test_what_a_repeated_token_costs(client: Make, level: str) -> None:
    """The second request with a token asks the database as often as its level says, and is answered alike."""
    app = client(f"token_cache={level}")
    token = app.register("ann")
    first = app.call("GET", "/api/user", token)
    before = app.metric("target_db_statements_total")
    second = app.call("GET", "/api/user", token)
    assert app.metric("target_db_statements_total") - before == STATEMENTS[level]
    assert (first.status_code, second.json()["user"]["username"]) == (200, "ann")


@pytest.mark.parametrize(("level", "status"), [("off", 401), ("with_revocation", 401), ("without_revocation", 200)])
def test_a_token_that_was_given_up_lives_on_in_the_trap(client: Make, level: str, status: int) -> None:
    """After a log-out a token that was seen before is refused, but where nobody asks whether it was given up."""
    app = client(f"token_cache={level}")
    token = app.register("ann")
    # Two that are written in the same second say the same, and are one.
    unseen = app.app.state.parts.authenticator._tokens.write(Session(1, 0), {"jti": "another"})
    assert app.call("POST", "/api/users/logout", token).status_code == 204
    assert app.call("GET", "/api/user", token).status_code == status
    assert app.call("GET", "/api/user", unseen).status_code == 401


@pytest.mark.parametrize("level", STATEMENTS)
def test_a_forged_token_is_never_remembered(client: Make, level: str) -> None:
    """What is refused once is refused again, also when its true twin is known."""
    app = client(f"token_cache={level}")
    token = app.register("ann")
    assert app.call("GET", "/api/user", token).status_code == 200
    for _ in range(2):
        assert app.call("GET", "/api/user", f"{token}x").status_code == 401


def test_signatures_that_were_right_still_end(client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `with_revocation` a remembered token is refused once it is over."""
    app = client("token_cache=with_revocation")
    token = app.register("ann")
    assert app.call("GET", "/api/user", token).status_code == 200
    monkeypatch.setattr("target_app.controls.token_claims.time.time", lambda: 10.0**10)
    assert app.call("GET", "/api/user", token).status_code == 401


def test_the_trap_closes_after_its_time(client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user is remembered for a minute and no longer."""
    monkeypatch.setattr(token_cache, "TTL_S", 0.0)
    app = client("token_cache=without_revocation")
    token = app.register("ann")
    assert app.call("POST", "/api/users/logout", token).status_code == 204
    assert app.call("GET", "/api/user", token).status_code == 401


def test_what_is_kept_is_bounded() -> None:
    """Of too many tokens the one that was not asked for the longest is forgotten."""
    kept: Kept[int] = Kept()
    for number in range(ENTRIES):
        kept.keep(str(number), number)
    assert kept.get("0") == 0
    kept.keep("one more", 1)
    assert (kept.get("0"), kept.get("1"), kept.get("one more")) == (0, None, 1)
