"""What is refused, and what ends a connection that misbehaves."""

import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from websockets.exceptions import ConnectionClosed

from target_app.controls.socket_limits import OF_ONE_USER
from tests.target_app.realtime.stage import PATIENCE_S, Stage

Start = Callable[..., Stage]
DENIED = 'target_control_decisions_total{{control="{}",decision="deny"}}'


def closed(stage: Stage, kind: str) -> None:
    """Wait until no connection of this kind is open."""
    deadline = time.monotonic() + PATIENCE_S
    while stage.sockets(kind):
        assert time.monotonic() < deadline, "a connection is still counted"
        time.sleep(0.02)


def test_another_sites_page_is_refused(stage: Stage) -> None:
    """A WebSocket is opened from this very host and port, or by a client that names no origin; all else is 403."""
    token = stage.register("ann")
    host, port = stage.server.host, stage.server.port
    before = stage.metric(DENIED.format("browser_policy"))
    foreign = ["https://evil.example", f"http://{host}", f"http://{host}:{port}.evil.example", "null", f"ftp://{host}"]
    assert [stage.refused(stage.ticket(token), origin=origin) for origin in foreign] == [403] * len(foreign)
    assert stage.metric(DENIED.format("browser_policy")) == before + len(foreign)
    for own in (f"http://{host}:{port}", None):
        assert stage.refused(stage.ticket(token), origin=own) == 101
    ticket = stage.ticket(token)
    assert stage.refused(ticket, origin="https://evil.example") == 403
    assert stage.refused(ticket) == 101, "a foreign page used the ticket up"


@pytest.mark.parametrize(("said", "code"), [("hello", 1008), (b"\0", 1008), ("x" * 1025, 1009)])
def test_clients_have_nothing_to_say(stage: Stage, said: str | bytes, code: int) -> None:
    """A message is answered with 1008, one above 1 KiB with 1009."""
    token = stage.register(f"talker{time.monotonic_ns()}")
    with stage.socket(stage.ticket(token)) as socket:
        socket.send(said)
        with pytest.raises(ConnectionClosed) as ended:
            socket.recv(PATIENCE_S)
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == code
    closed(stage, "websocket")


def test_one_user_is_bounded(stage: Stage) -> None:
    """The 21st connection of a user is 429, of either kind; others get in, and so does he or she after one closed."""
    token, other = stage.register("many"), stage.register("other")
    before = stage.metric(DENIED.format("socket_limits"))
    with ExitStack() as stack:
        stack.enter_context(stage.events(token))
        sockets = [stack.enter_context(stage.socket(stage.ticket(token))) for _ in range(OF_ONE_USER - 1)]
        assert stage.refused(stage.ticket(token)) == 429
        answer = stage.client.get("/api/events", headers={"Authorization": f"Token {token}"})
        assert answer.status_code == 429
        assert "Retry-After" in answer.headers
        assert stage.metric(DENIED.format("socket_limits")) == before + 2
        assert stage.refused(stage.ticket(other)) == 101
        assert (stage.sockets("websocket"), stage.sockets("sse")) == (OF_ONE_USER - 1, 1)
        sockets[0].close()
        time.sleep(0.1)
        assert stage.refused(stage.ticket(token)) == 101
    closed(stage, "websocket")
    closed(stage, "sse")


def test_a_worker_is_bounded(stage_with: Start) -> None:
    """Beyond TARGET_MAX_SOCKETS a connection is 503, and room that is given up can be had."""
    stage = stage_with(max_sockets=3)
    tokens = [stage.register(f"u{number}") for number in range(4)]
    with ExitStack() as stack:
        for token in tokens[:3]:
            stack.enter_context(stage.socket(stage.ticket(token)))
        assert stage.refused(stage.ticket(tokens[3])) == 503
        headers = {"Authorization": f"Token {tokens[3]}"}
        assert stage.client.get("/api/events", headers=headers).status_code == 503
    closed(stage, "websocket")
    assert stage.refused(stage.ticket(tokens[3])) == 101


def test_a_cache_lets_streams_pass(stage_with: Start) -> None:
    """With answers cached a stream is still sent as things happen, and never kept."""
    stage = stage_with(treatment="hardened,password_hash=sha256,response_cache=shared_key")
    token = stage.register("ann")
    slug = stage.publish(token)
    for _ in range(2):
        with stage.listening("sse", token, slug) as read:
            number = stage.comment(token, slug)
            assert read()["data"]["comment"]["id"] == number


def test_refusals_are_not_logged_as_errors(stage_with: Start) -> None:
    """Whoever is refused cannot fill the log."""
    stage = stage_with()
    assert stage.refused("guess") == 401
    assert stage.refused("guess", origin="https://evil.example") == 403
    assert "ERROR" not in stage.server.log.read_text()
