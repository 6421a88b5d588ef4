"""A suspended account is refused everywhere and at once; what its user wrote stays."""

from collections.abc import Callable, Iterator

import pytest

from target_app.app import document
from tests.target_app.administration.office import Office
from tests.target_app.app_client import PASSWORD, errors
from tests.target_app.realtime.stage import Stage, stage_on

REFUSED = {"account": ["is suspended"]}


def test_the_next_request_is_refused(office: Office) -> None:
    """Whether or not it needs a user: 403, while others go on; lifted, all is as before."""
    office.suspend("reader")
    for path in ("/api/user", "/api/tags", "/api/articles"):
        answer = office.call("reader", "GET", path)
        assert (answer.status_code, errors(answer)) == (403, REFUSED)
        assert office.call(None, "GET", path).status_code == (401 if path == "/api/user" else 200)
    assert office.call("author", "GET", "/api/user").status_code == 200
    office.execute("UPDATE users SET suspended_at = NULL")
    assert office.call("reader", "GET", "/api/user").status_code == 200


def test_a_log_in_is_refused_once_the_password_was_right(office: Office) -> None:
    """Who does not know the password does not learn that the account is suspended."""
    office.suspend("reader")
    assert office.app.log_in("reader", "wrong").status_code == 401
    answer = office.app.log_in("reader")
    assert (answer.status_code, errors(answer)) == (403, REFUSED)


def test_what_was_written_stays(office: Office) -> None:
    """Articles and comments of a suspended author are read as before."""
    slug = office.app.publish(office.tokens["author"])
    office.done("author", "POST", f"/api/articles/{slug}/comments", {"comment": {"body": "Mine"}})
    office.suspend("author")
    assert office.done("reader", "GET", f"/api/articles/{slug}")["article"]["author"]["username"] == "author"
    assert len(office.done(None, "GET", f"/api/articles/{slug}/comments")["comments"]) == 1


def test_answers_do_not_tell_role_or_suspension(one_office: Office) -> None:
    """The contract's answers have the contract's fields."""
    shown = one_office.done("admin", "GET", "/api/user")["user"]
    assert set(shown) == {"username", "email", "bio", "image", "token"}
    one_office.suspend("author")
    profile = one_office.done("reader", "GET", "/api/profiles/author")["profile"]
    assert set(profile) == {"username", "bio", "image", "following"}


def test_nobody_registers_with_a_role(one_office: Office) -> None:
    """`role` in a body is not read, at registration or later."""
    user = {"username": "sly", "email": "sly@example.test", "password": PASSWORD, "role": "admin"}
    token = one_office.done(None, "POST", "/api/users", {"user": user})["user"]["token"]
    one_office.app.call("PUT", "/api/user", token, json={"user": {"bio": "me", "role": "admin"}})
    assert one_office.rows("SELECT role FROM users WHERE username = 'sly'") == [{"role": "reader"}]


def test_every_operation_declares_it() -> None:
    """A token may be shown to every operation, so each can answer 403."""
    undeclared = [
        (method, path)
        for path, methods in document()["paths"].items()
        for method, described in methods.items()
        if not {"401", "403"} <= set(described["responses"])
    ]
    assert not undeclared


def test_decisions_are_counted(one_office: Office) -> None:
    """Each request of a user is one decision."""
    series = 'target_control_decisions_total{control="suspension",decision="%s"}'
    one_office.call("reader", "GET", "/api/user")
    one_office.suspend("reader")
    one_office.call("reader", "GET", "/api/user")
    assert one_office.app.metric(series % "deny") == 1
    assert one_office.app.metric(series % "allow") == 1


@pytest.fixture
def stage(start_target: Callable[..., object], database_url: str) -> Iterator[Stage]:
    """A server whose open connections are looked at again ten times a second."""
    server = start_target("hardened,password_hash=sha256", database_url, settings={"TARGET_HEARTBEAT_S": "0.1"})
    with stage_on(server) as on:  # type: ignore[arg-type]  # a TargetServer
        yield on


@pytest.mark.parametrize("kind", ["websocket", "sse"])
def test_open_connections_end_where_no_notice_came(stage: Stage, kind: str, tmp_path: object) -> None:
    """A suspension through another worker is found out at the next heartbeat."""
    import sqlite3
    from contextlib import closing

    token = stage.register("reader")
    ticket = stage.ticket(token)
    with closing(sqlite3.connect(stage.server.database_url.removeprefix("sqlite:///"))) as database:
        if kind == "websocket":
            from websockets.exceptions import ConnectionClosed

            with stage.socket(ticket) as socket:
                database.execute("UPDATE users SET suspended_at = 1")
                database.commit()
                with pytest.raises(ConnectionClosed) as closed:
                    socket.recv(10)
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 4401
            return
        with stage.events(token) as lines:
            database.execute("UPDATE users SET suspended_at = 1")
            database.commit()
            assert "event: signed_out" in lines


def test_a_ticket_from_before_opens_nothing(one_office: Office) -> None:
    """The account is looked at when the ticket is used, not when it was given."""
    ticket = one_office.done("reader", "POST", "/api/tickets")["ticket"]["value"]
    one_office.suspend("reader")
    answer = one_office.call(None, "GET", f"/api/events?ticket={ticket}")
    assert (answer.status_code, errors(answer)) == (403, REFUSED)
