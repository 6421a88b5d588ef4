"""Heartbeats, peers that are gone, and the end of the server."""

import os
import signal
import time
from collections.abc import Callable

import pytest
from websockets.exceptions import ConnectionClosed

from target_app.serving import GRACE_S
from tests.parts.process import wait_gone
from tests.target_app.realtime.stage import PATIENCE_S, Stage
from tests.target_app.realtime.test_slow_readers import stalled

Start = Callable[..., Stage]


def test_a_quiet_stream_shows_that_it_lives(stage_with: Start) -> None:
    """Without events a stream carries a comment each heartbeat, and a WebSocket a ping."""
    stage = stage_with(heartbeat_s=0.1)
    token = stage.register("ann")
    with stage.events(token) as lines:
        assert [line for line, _ in zip(lines, range(6), strict=False) if line] == [": heartbeat"] * 3
    with stage.socket(stage.ticket(token), ping_interval=None) as open_:
        time.sleep(0.5)  # several pings, each answered by the client: the connection lives on
        slug = stage.publish(token)
        stage.call("POST", "/api/profiles/ann/follow", token)
        stage.publish(token, "Heard")
        assert "Heard" in open_.recv(PATIENCE_S)
        assert slug


def test_a_peer_that_is_gone_is_closed(stage_with: Start) -> None:
    """A WebSocket whose pings are not answered is closed, and counted no more."""
    stage = stage_with(heartbeat_s=0.2)
    token = stage.register("ann")
    slug = stage.publish(token)
    with stalled(stage, "websocket", slug, stage.ticket(token)) as silent:
        assert stage.sockets("websocket") == 1
        silent.settimeout(PATIENCE_S)
        deadline = time.monotonic() + PATIENCE_S
        while stage.sockets("websocket"):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_client_that_goes_is_forgotten(stage: Stage) -> None:
    """A stream whose client closes its connection ends without anything being sent."""
    token = stage.register("ann")
    with stage.events(token):
        assert stage.sockets("sse") == 1
    deadline = time.monotonic() + PATIENCE_S
    while stage.sockets("sse"):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_end_of_the_server_is_told(stage_with: Start, workers: int) -> None:
    """After SIGTERM a WebSocket closes with 1012 and a stream ends with `restart`, at once; nothing is logged."""
    stage = stage_with(workers=workers)
    token = stage.register("ann")
    with stage.socket(stage.ticket(token)) as open_, stage.events(token) as lines:
        began = time.monotonic()
        os.kill(stage.server.pid, signal.SIGTERM)
        with pytest.raises(ConnectionClosed) as ended:
            open_.recv(PATIENCE_S)
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 1012
        assert [line for line in lines if line] == ["event: restart", "data: {}"]
        wait_for_end(stage)
        assert time.monotonic() - began < GRACE_S + 2
    assert "ERROR" not in stage.server.log.read_text()


@pytest.mark.parametrize("kind", ["websocket", "sse"])
def test_a_stalled_reader_does_not_hold_the_end_up(stage_with: Start, kind: str) -> None:
    """The server ends within its grace, quietly, though one peer reads nothing of what is buffered for it."""
    stage = stage_with()
    token = stage.register("ann")
    slug = stage.publish(token)
    with stalled(stage, kind, slug, stage.ticket(token)):
        for _ in range(40):
            stage.comment(token, slug, "x" * 4096)
        began = time.monotonic()
        os.kill(stage.server.pid, signal.SIGTERM)
        wait_for_end(stage)
        assert time.monotonic() - began < GRACE_S + 2
    assert "ERROR" not in stage.server.log.read_text()


def wait_for_end(stage: Stage) -> None:
    """Until the process has ended."""
    assert wait_gone(stage.server.pid, PATIENCE_S), "the server still runs"
