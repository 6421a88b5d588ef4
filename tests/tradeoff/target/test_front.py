"""An arm's front takes its place, is part of it, and starts and ends with it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.parts.process import wait_gone
from tests.tradeoff.target.test_services import described
from tradeoff.target.description import ChosenFront, Target
from tradeoff.target.errors import TradeoffError
from tradeoff.target.running import RunningArm

#: Passes every GET on, and says who it is and what it was told.
PASSES = """
import json, os, sys, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        sum(range(200_000))
        with urllib.request.urlopen("http://" + sys.argv[3] + self.path) as answer:
            behind = json.load(answer)
        self.send_response(200); self.end_headers()
        self.wfile.write(json.dumps({"pid": os.getpid(), "words": sys.argv[3:], "behind": behind}).encode())
    def log_message(self, *_): pass
HTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
"""


def fronted(front: str = PASSES) -> Target:
    """A target that is served through a front at two of its levels."""
    words = ["{host}", "{port}", "{upstream}", "{source}", "{level}"]
    table = {"factor": "wall", "levels": ["low", "high"], "start": ["{python}", "-c", escaped(front), *words]}
    told = {"TARGET_SHOP_URL": "{url} {authority} {source}"}
    return Target.model_validate({**described().model_dump(by_alias=True), "front": table, "environment": told})


def escaped(code: str) -> str:
    """Braces that are no places."""
    return code.replace("{", "{{").replace("}", "}}")


@contextmanager
def running(target: Target, level: str, work: Path) -> Iterator[RunningArm]:
    """An arm of it at a level of its wall."""
    front = target.front_for({"wall": level})
    arm = RunningArm(target, name="it", setting="plain", work=work, tree=Path.cwd(), articles=1, front=front)
    try:
        arm.wait_ready()
        yield arm
    finally:
        arm.stop()


def shown(url: str) -> dict[str, object]:
    """What a process there says of itself."""
    with urllib.request.urlopen(url) as answer:
        return dict(json.load(answer))


def test_only_the_named_levels_have_a_front() -> None:
    """The command and the level that fills it; none for other levels, and none where no front is described."""
    target = fronted()
    chosen = target.front_for({"wall": "high"})
    assert isinstance(chosen, ChosenFront)
    assert chosen.level == "high"
    assert target.front_for({"wall": "none"}) is None
    assert described().front_for({"wall": "high"}) is None


def test_a_front_takes_the_arms_place(tmp_path: Path) -> None:
    """Clients reach it at the arm's URL, and through it the backend, which knows by which name it is called."""
    with running(fronted(), "low", tmp_path) as arm:
        front = shown(arm.url)
        upstream, source, level = list(front["words"])  # type: ignore[call-overload]
        behind = dict(front["behind"])  # type: ignore[call-overload]
        assert upstream.rpartition(":")[0] == source != arm.host
        assert level == "low"
        assert behind["shop"] == f"{arm.url} {arm.host}:{arm.port} {source}"
        assert {front["pid"], behind["pid"]} == set(arm.pids)
    assert all(wait_gone(pid) for pid in arm.pids)


def test_its_cpu_is_the_arms(tmp_path: Path) -> None:
    """What the front uses for a request is counted."""
    with running(fronted(), "low", tmp_path) as fronting, running(described(), "low", tmp_path) as bare:
        spent = []
        for arm in (fronting, bare):
            before = arm.cpu_ns()
            for _ in range(20):
                shown(arm.url)
            spent.append(arm.cpu_ns() - before)
    assert spent[0] > 2 * spent[1]


def test_without_a_front_the_backend_is_told_of_none(tmp_path: Path) -> None:
    """It listens at the arm's own place, and no address is to be believed."""
    with running(fronted(), "none", tmp_path) as arm:
        assert shown(arm.url)["shop"] == f"{arm.url} {arm.host}:{arm.port} "


def test_a_front_that_cannot_start_says_why(tmp_path: Path) -> None:
    """Its last words are the sentence, and the backend does not stay behind."""
    with (
        pytest.raises(TradeoffError, match="the front of it ended with exit code 1; its last words: no bricks"),
        running(fronted("import sys; sys.exit('no bricks')"), "low", tmp_path),
    ):
        pytest.fail("it serves")


def test_a_front_that_is_killed_is_noticed(tmp_path: Path) -> None:
    """The arm is not alive without it."""
    with running(fronted(), "low", tmp_path) as arm:
        arm.check_alive()
        os.kill(int(str(shown(arm.url)["pid"])), signal.SIGKILL)
        with pytest.raises(TradeoffError, match="the front of it was killed by signal 9"):
            arm.watch()
        with pytest.raises((OSError, http.client.HTTPException)):
            shown(arm.url)
