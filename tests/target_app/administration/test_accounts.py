"""Accounts in the hands of staff: found by name, suspended at once everywhere, and given roles; who may do what."""

import json
from collections.abc import Callable
from itertools import product

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from target_app.accounts.repository import PAGES
from tests.parts.target import TargetServer, run_target
from tests.target_app.administration.office import Office
from tests.target_app.app_client import PASSWORD, errors
from tests.target_app.realtime.stage import stage_on

USERS = "/api/moderation/users"
REASON = {"suspension": {"reason": "Spam, again"}}
RANKS = {"reader": 0, "moderator": 1, "admin": 2}


def number(office: Office, name: str) -> int:
    """The number of an account."""
    return int(office.rows("SELECT id FROM users WHERE username = :name", name=name)[0]["id"])


def suspension(office: Office, name: str) -> str:
    """Where an account is suspended."""
    return f"{USERS}/{number(office, name)}/suspension"


def role_of(office: Office, name: str) -> str:
    """Where an account's role is set."""
    return f"/api/admin/users/{number(office, name)}/role"


def acts(office: Office) -> list[tuple[str, str, str]]:
    """Who did what to whom, as the audit log has it."""
    return [
        (row["actor"], row["action"], row["object"]) for row in office.rows("SELECT * FROM audit_log ORDER BY number")
    ]


def names(office: Office, query: str) -> list[str]:
    """Whom a search finds."""
    return [one["username"] for one in office.done("moderator", "GET", f"{USERS}?{query}")["users"]]


def test_a_suspension_takes_effect_with_the_next_request(office: Office) -> None:
    """And ends with the next one after its end; both are in the audit log, the reason too."""
    shown = office.done("moderator", "PUT", suspension(office, "reader"), REASON)["user"]
    assert (shown["username"], shown["role"]) == ("reader", "reader")
    assert shown["suspendedAt"] is not None
    assert office.call("reader", "GET", "/api/user").status_code == 403
    assert office.app.log_in("reader").status_code == 403
    assert office.done("moderator", "DELETE", suspension(office, "reader"))["user"]["suspendedAt"] is None
    assert office.call("reader", "GET", "/api/user").status_code == 200
    assert acts(office) == [("user:2", "account.suspended", "user:4"), ("user:2", "account.reinstated", "user:4")]
    details = json.loads(office.rows("SELECT details FROM audit_log WHERE number = 1")[0]["details"])
    assert details == {"actorName": "moderator", "reason": "Spam, again", "username": "reader"}


def test_what_is_so_already_is_no_act(office: Office) -> None:
    """A second suspension, reinstating who is not suspended, the same role again: answered, and not written down."""
    first = office.done("moderator", "PUT", suspension(office, "reader"), REASON)["user"]
    assert office.done("admin", "PUT", suspension(office, "reader"), REASON)["user"] == first
    office.done("moderator", "DELETE", suspension(office, "author"))
    assert (
        office.done("admin", "PUT", role_of(office, "author"), {"user": {"role": "reader"}})["user"]["role"] == "reader"
    )
    assert len(acts(office)) == 1


@pytest.mark.parametrize(("actor", "subject"), list(product(RANKS, RANKS)))
def test_who_may_act_against_whom(one_office: Office, actor: str, subject: str) -> None:
    """Staff against those of a lower role alone; roles are the admins' to give."""
    for name, role in (("one", actor), ("other", subject)):
        one_office.register(name, role)
    path = suspension(one_office, "other")
    may = RANKS[actor] > RANKS[subject]
    for method, body in (("PUT", REASON), ("DELETE", None)):
        assert (one_office.call("one", method, path, body).status_code == 200) == may
    appointed = one_office.call("one", "PUT", role_of(one_office, "other"), {"user": {"role": "moderator"}})
    assert appointed.status_code == (200 if may and actor == "admin" else 403)


@pytest.mark.parametrize("who", ["moderator", "admin"])
def test_nobody_acts_against_himself_or_herself(office: Office, who: str) -> None:
    """Neither suspension nor another role."""
    answer = office.call(who, "PUT", suspension(office, who), REASON)
    assert (answer.status_code, errors(answer)) == (403, {"role": ["is not sufficient"]})
    assert office.call(who, "PUT", role_of(office, who), {"user": {"role": "reader"}}).status_code == 403


def test_a_role_holds_from_the_next_request_on(office: Office) -> None:
    """Given and taken by an admin; both are written down."""
    path = role_of(office, "reader")
    assert office.done("admin", "PUT", path, {"user": {"role": "moderator"}})["user"]["role"] == "moderator"
    assert office.call("reader", "GET", USERS).status_code == 200
    office.done("admin", "PUT", path, {"user": {"role": "reader"}})
    assert office.call("reader", "GET", USERS).status_code == 403
    assert acts(office) == [("user:1", "role.changed", "user:4")] * 2
    details = json.loads(office.rows("SELECT details FROM audit_log WHERE number = 1")[0]["details"])
    assert details == {"actorName": "admin", "from": "reader", "to": "moderator", "username": "reader"}


def test_unknown_accounts_and_odd_bodies(one_office: Office) -> None:
    """404 for nobody's number; 422 for a number that is none, a missing reason and a role that there is not."""
    assert one_office.call("moderator", "GET", f"{USERS}/999").status_code == 404
    assert one_office.call("moderator", "PUT", f"{USERS}/999/suspension", REASON).status_code == 404
    assert one_office.call("moderator", "GET", f"{USERS}/x").status_code == 422
    path = suspension(one_office, "reader")
    assert one_office.call("moderator", "PUT", path, {"suspension": {"reason": " "}}).status_code == 422
    assert (
        one_office.call("admin", "PUT", role_of(one_office, "reader"), {"user": {"role": "owner"}}).status_code == 422
    )


def test_accounts_are_found_by_the_beginning_of_their_name(office: Office) -> None:
    """By code point, upper case apart, wild cards meant as they are, to the last letter there is."""
    last = "\U0010ffff"
    for name in ("ann", "anna", "Ann", "an_", "an%", f"ann{last}{last}", "ano", "ané"):
        office.register(name)
    assert names(office, "name=ann") == ["ann", "anna", f"ann{last}{last}"]
    assert names(office, "name=an%25") == ["an%"]
    assert names(office, "name=an_") == ["an_"]
    assert names(office, f"name=ann{last}") == [f"ann{last}{last}"]
    assert names(office, "name=nobody") == []


def test_lists_of_accounts_lead_to_their_end(office: Office) -> None:
    """In pages, each account once, in the order of names; staff and the suspended have lists of their own."""
    found, after = [], ""
    while True:
        page = office.done("moderator", "GET", f"{USERS}?limit=3&after={after}")
        found += [one["username"] for one in page["users"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert found == ["admin", "author", "moderator", "reader"]
    assert names(office, "show=staff") == ["admin", "moderator"]
    office.done("moderator", "PUT", suspension(office, "reader"), REASON)
    assert names(office, "show=suspended") == ["reader"]
    assert names(office, "show=suspended&name=a") == []
    assert office.done("moderator", "GET", f"{USERS}/4")["user"]["username"] == "reader"


def test_answers_tell_staff_no_secrets(one_office: Office) -> None:
    """Neither address nor hash: moderators do not need them."""
    shown = one_office.done("moderator", "GET", f"{USERS}/4")["user"]
    assert set(shown) == {"id", "username", "role", "suspendedAt", "createdAt"}


@pytest.mark.parametrize(
    ("show", "index"),
    [("all", "autoindex_users"), ("staff", "ix_users_staff_username"), ("suspended", "ix_users_suspended_username")],
)
def test_a_page_is_one_walk_along_an_index(one_office: Office, show: str, index: str) -> None:
    """However many other accounts there are."""
    plan = one_office.plan(PAGES[show])
    assert index in plan, plan
    assert "TEMP B-TREE" not in plan, plan


@pytest.mark.parametrize("redis", [False, True], ids=["database", "redis"])
def test_every_worker_and_open_stream_knows_at_once(
    start_target: Callable[..., TargetServer], database_url: str, request: pytest.FixtureRequest, redis: bool
) -> None:
    """With two workers no further request is served; open streams end with the act, not with the next heartbeat.

    Without Redis that is so on the worker that served the act: one worker then.
    """
    settings = {"TARGET_REDIS_URL": request.getfixturevalue("redis_url")} if redis else {}
    server = start_target("hardened,password_hash=sha256", database_url, workers=2 if redis else 1, settings=settings)
    with stage_on(server) as stage, httpx.Client(base_url=server.url, trust_env=False) as other:
        tokens = {name: stage.register(name) for name in ("boss", "reader")}
        promote(server, "boss")
        with stage.events(tokens["reader"]) as lines, stage.socket(stage.ticket(tokens["reader"])) as socket:
            user = stage.call("GET", f"{USERS}?name=reader", tokens["boss"]).json()["users"][0]
            stage.call("PUT", f"{USERS}/{user['id']}/suspension", tokens["boss"], json=REASON)
            assert "event: signed_out" in lines
            with pytest.raises(ConnectionClosed):
                socket.recv(10)
            assert socket.close_code == 4401
        headers = {"Authorization": f"Token {tokens['reader']}", "Connection": "close"}
        assert {other.get("/api/user", headers=headers).status_code for _ in range(8)} == {403}


def promote(server: TargetServer, name: str) -> None:
    """Make somebody an admin, as the operator does."""
    run_target("set-role", "--username", name, "--role", "admin", environment=server.environment())


def test_a_password_is_enough_for_nobody_who_is_suspended(office: Office) -> None:
    """No new account with the same name or address, no other password: the account is suspended, not its tokens."""
    office.done("moderator", "PUT", suspension(office, "reader"), REASON)
    user = {"username": "reader", "email": "reader@example.test", "password": PASSWORD}
    assert office.call(None, "POST", "/api/users", {"user": user}).status_code == 409
    assert office.call("reader", "PUT", "/api/user", {"user": {"password": "another-password"}}).status_code == 403
