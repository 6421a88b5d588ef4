"""A reader that stops reading harms nobody but itself."""

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from target_app.realtime.subscriber import QUEUE
from tests.target_app.realtime.stage import PATIENCE_S, Stage

Start = Callable[..., Stage]
DROPPED = 'target_realtime_messages_total{outcome="dropped"}'
BODY = "x" * 4096
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


def stalled(stage: Stage, kind: str, slug: str, ticket: str) -> socket.socket:
    """A connection that is opened and not read from."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.settimeout(PATIENCE_S)
    reader.connect((stage.server.host, stage.server.port))
    path = "stream" if kind == "websocket" else "events"
    reader.sendall(
        f"GET /api/{path}?ticket={ticket}&article={slug} HTTP/1.1\r\n"
        f"Host: {stage.server.host}:{stage.server.port}\r\n{UPGRADE if kind == 'websocket' else ''}\r\n".encode()
    )
    assert reader.recv(12).endswith(b"101" if kind == "websocket" else b"200")
    return reader


def resident_kib(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4


@pytest.mark.parametrize("kind", ["websocket", "sse"])
def test_it_is_closed_and_the_others_hear_everything(stage_with: Start, kind: str) -> None:
    """While one reader stalls another gets every message at once; the one is dropped and closed, its memory bounded."""
    stage = stage_with()
    token = stage.register("ann")
    slug = stage.publish(token)
    with stage.listening("websocket", token, slug) as read:
        stage.comment(token, slug, BODY)
        read()
        before = resident_kib(stage.server.pid)
        sent = 0
        with stalled(stage, kind, slug, stage.ticket(token)) as reader:
            while not stage.metric(DROPPED):
                number = stage.comment(token, slug, BODY)
                began = time.monotonic()
                assert read()["data"]["comment"]["id"] == number
                assert time.monotonic() - began < 1
                sent += 1
                assert sent < 10 * QUEUE
            assert sent > QUEUE
            assert resident_kib(stage.server.pid) - before < 8 * 1024
            deadline = time.monotonic() + PATIENCE_S
            while stage.sockets("websocket") + stage.sockets("sse") > 1:
                assert time.monotonic() < deadline, "the stalled reader is still there"
                time.sleep(0.05)
            with pytest.raises((ConnectionResetError, EOFError)):
                drain(reader)
        assert stage.metric(DROPPED) == QUEUE + 1
        assert "ERROR" not in stage.server.log.read_text()


def drain(reader: socket.socket) -> None:
    while reader.recv(65536):
        pass
    raise EOFError


@pytest.mark.parametrize(("kind", "told"), [("websocket", b"\x88\x0a\x03\xf5overflow"), ("sse", b"event: overflow\n")])
def test_one_that_reads_again_in_time_is_told(stage_with: Start, kind: str, told: bytes) -> None:
    """A slow reader that reads on learns why it was closed: 1013, or the event `overflow`."""
    stage = stage_with()
    token = stage.register("ann")
    slug = stage.publish(token)
    with stalled(stage, kind, slug, stage.ticket(token)) as reader:
        while not stage.metric(DROPPED):
            for _ in range(10):
                stage.comment(token, slug, BODY)
        received = b""
        while told not in received:
            received = received[-100:] + reader.recv(65536)
