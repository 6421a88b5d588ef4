"""Sessions of the pages: who gets one, what the cookie is like, and all that ends it."""

import hashlib
from collections.abc import Callable, Mapping

import pytest

from target_app.accounts.operator import set_role
from target_app.controls import page_session
from target_app.controls.login_throttle import PAIR_BUDGET
from target_app.controls.page_session import ABSOLUTE_MS, IDLE_MS, STEP_MS
from target_app.schema import now_ms
from tests.target_app.administration.office import Office
from tests.target_app.app_client import PASSWORD
from tests.target_app.pages.desk import Desk, morsel

REASON = {"suspension": {"reason": "Left"}}


class Clock:
    """What the sessions take for the present moment."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0
        monkeypatch.setattr(page_session, "now_ms", lambda: now_ms() + self.ahead)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that a test sets ahead."""
    return Clock(monkeypatch)


def stored(office: Office) -> list[Mapping[str, object]]:
    """The sessions in the database."""
    return list(office.rows("SELECT * FROM page_sessions"))


@pytest.mark.parametrize("name", ["moderator", "admin"])
def test_staff_signs_in(office: Office, name: str) -> None:
    """And finds the queue."""
    desk = Desk(office)
    assert desk.out()
    answer = desk.sign_in(name)
    assert (answer.status_code, answer.headers["location"]) == (303, "/moderation/reports")
    assert name in desk.get("/reports").text


def test_readers_do_not(office: Office) -> None:
    """Whose password is right learns that the account may not; nothing is stored."""
    desk = Desk(office)
    answer = desk.sign_in("reader")
    assert answer.status_code == 403
    assert "may not sign in here" in answer.text
    assert desk.out()
    assert stored(office) == []


def test_a_wrong_password_is_refused_as_for_the_api(office: Office) -> None:
    """An unknown address too, in the same words."""
    answers = [Desk(office).sign_in("moderator", "wrong"), Desk(office).sign_in("nobody")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert all("is wrong" in answer.text for answer in answers)
    assert Desk(office).sign_in("moderator", "").status_code == 422


def test_the_throttle_is_the_apis(office: Office) -> None:
    """Guesses at the API spend the budget of the page, which says when to come back."""
    for _ in range(PAIR_BUDGET):
        office.app.log_in("moderator", "wrong")
    answer = Desk(office).sign_in()
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_the_cookie(one_office: Office) -> None:
    """No script reads it, other sites do not send it, it belongs to the pages, and goes with the browser."""
    given = morsel(Desk(one_office).sign_in())
    assert given is not None
    assert len(given.value) == 43
    assert (given["path"], given["httponly"], given["samesite"]) == ("/moderation", True, "strict")
    assert (given["secure"], given["max-age"], given["expires"], given["domain"]) == ("", "", "", "")


def test_over_tls_it_is_secure(database_url: str, office_on: Callable[..., Office]) -> None:
    """Where TLS ends in front of the server it has to be told so."""
    desk = Desk(office_on(database_url, https=True))
    first = desk.get("/sign-in")
    for answer in (first, desk.sign_in(), desk.post("/sign-out")):
        given = morsel(answer)
        assert given is not None
        assert given["secure"] is True


def test_the_database_holds_a_digest(office: Office) -> None:
    """Who reads it cannot sign in with it."""
    desk = Desk(office).signed_in()
    (row,) = stored(office)
    assert row["digest"] == hashlib.sha256(desk.cookie.encode()).hexdigest()
    thief = Desk(office)
    thief.cookie = str(row["digest"])
    assert thief.out()


def test_every_sign_in_draws_a_new_id(office: Office) -> None:
    """What stood in the cookie before opens nothing, whoever put it there; a session before that has ended."""
    desk = Desk(office)
    desk.get("/sign-in")
    planted = desk.cookie
    desk.signed_in()
    first = desk.cookie
    assert Desk(office).signed_in().cookie != first != planted
    desk.signed_in()
    for value in (planted, first):
        other = Desk(office)
        other.cookie = value
        assert other.out()
    assert not desk.out()


def sign_out(desk: Desk) -> None:
    assert desk.post("/sign-out").status_code == 303


def suspended(desk: Desk) -> None:
    desk.office.done("admin", "PUT", "/api/moderation/users/2/suspension", REASON)
    assert desk.out()
    desk.office.done("admin", "DELETE", "/api/moderation/users/2/suspension")


def other_password(desk: Desk) -> None:
    desk.office.done("moderator", "PUT", "/api/user", {"user": {"password": "another-password"}})


def other_role(desk: Desk) -> None:
    for role in ("reader", "moderator"):
        desk.office.done("admin", "PUT", "/api/admin/users/2/role", {"user": {"role": role}})


def operators_role(desk: Desk) -> None:
    set_role(desk.office.app.settings, "moderator", "admin")


@pytest.mark.parametrize("ending", [sign_out, suspended, other_password, other_role, operators_role])
def test_what_ends_every_session_of_a_user(office: Office, ending: Callable[[Desk], None]) -> None:
    """For good: what is taken back afterwards, such as a suspension, does not bring it back. Others stay."""
    desk, other = Desk(office).signed_in(), Desk(office).signed_in("admin")
    kept = desk.cookie
    ending(desk)
    desk.cookie = kept
    assert desk.out()
    assert not other.out()
    assert len(stored(office)) == 1


def test_a_suspension_that_nobody_told_of_holds_too(office: Office) -> None:
    """The account is read for every page."""
    desk = Desk(office).signed_in()
    office.suspend("moderator")
    answer = desk.get("/reports")
    assert answer.status_code == 403
    assert "is suspended" in answer.text


def test_another_address_or_name_ends_nothing(office: Office) -> None:
    """A session ends with a password, not with what is no secret."""
    desk = Desk(office).signed_in()
    office.done("moderator", "PUT", "/api/user", {"user": {"bio": "New", "email": "other@example.test"}})
    assert not desk.out()


def test_idle_sessions_end(office: Office, clock: Clock) -> None:
    """Half an hour after the last use."""
    desk = Desk(office).signed_in()
    for _ in range(3):
        clock.ahead += IDLE_MS - STEP_MS
        assert not desk.out()
    clock.ahead += IDLE_MS + STEP_MS
    assert desk.out()


def test_busy_sessions_end_too(office: Office, clock: Clock) -> None:
    """Twelve hours after the sign-in, however much they are used."""
    desk = Desk(office).signed_in()
    while clock.ahead < ABSOLUTE_MS - IDLE_MS // 2:
        clock.ahead += IDLE_MS // 2
        assert not desk.out()
    clock.ahead = ABSOLUTE_MS + 1000
    assert desk.out()


def test_use_is_written_down_once_a_minute(office: Office, clock: Clock) -> None:
    """A page that is loaded again at once writes nothing."""
    desk = Desk(office).signed_in()
    before = stored(office)
    desk.get("/reports")
    assert stored(office) == before
    clock.ahead += 2 * STEP_MS
    desk.get("/reports")
    assert stored(office) != before


def test_what_has_expired_is_forgotten(office: Office, clock: Clock) -> None:
    """By the next sign-in."""
    Desk(office).signed_in()
    clock.ahead += IDLE_MS + STEP_MS
    Desk(office).signed_in()
    assert len(stored(office)) == 1


def test_sessions_are_in_the_audit_log(office: Office) -> None:
    """Opened and closed, by whom; a refused sign-in is not."""
    Desk(office).sign_in("moderator", "wrong")
    sign_out(Desk(office).signed_in())
    rows = office.rows("SELECT actor, action FROM audit_log ORDER BY number")
    assert [tuple(row.values()) for row in rows] == [("user:2", "session.opened"), ("user:2", "session.closed")]
    assert PASSWORD not in str(office.rows("SELECT * FROM audit_log"))


@pytest.mark.parametrize("value", ["x", "\xff", "a" * 4000, "%00", '"', "=;="])
def test_odd_cookies_are_nobodys(one_office: Office, value: str) -> None:
    """No failure, and no session."""
    desk = Desk(one_office)
    answer = one_office.app.call(
        "GET",
        "/moderation/reports",
        headers={"Cookie": b"moderation_session=" + value.encode("latin-1")},  # type: ignore[dict-item]  # bytes, as on the wire
    )
    assert answer.status_code == 303
    assert desk.out()
