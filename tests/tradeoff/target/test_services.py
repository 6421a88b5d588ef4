"""An arm's services start, serve and end with it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.parts.process import wait_gone
from tradeoff.target.description import Service, Target
from tradeoff.target.errors import TradeoffError
from tradeoff.target.running import RunningArm

#: Answers every GET with its environment, and says who it is.
SHOWS = """
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(json.dumps({"pid": os.getpid(), "shop": os.environ.get("TARGET_SHOP_URL", "unset")}).encode())
    def log_message(self, *_): pass
HTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
"""


def described(service: str = SHOWS) -> Target:
    """A target whose arm and whose service both show themselves."""
    shows = ["{python}", "-c", SHOWS.replace("{", "{{").replace("}", "}}"), "{host}", "{port}"]
    serves = ["{python}", "-c", service.replace("{", "{{").replace("}", "}}"), "{host}", "{port}"]
    return Target.model_validate(
        {
            "schema": 1,
            "name": "shop",
            "factors": ["true"],
            "start": shows,
            "environment": {"TARGET_SHOP_URL": "{shop_url}"},
            "services": {
                "shop": {"start": serves, "ready": "/", "journeys": ["buyer"], "attacked_at": "https://shop.test"}
            },
            "ready": {"path": "/"},
            "database": {"migrate": ["true"], "seed": ["true"]},
            "login": {"path": "/", "body": {}, "token_at": ["token"]},
            "accounts": {"count": 1, "load": 1, "username": "a", "email": "a", "password": "a"},
            "load": {"mix": {"buyer": 1}},
        }
    )


@contextmanager
def running(target: Target, services: dict[str, Service], work: Path) -> Iterator[RunningArm]:
    """An arm of it."""
    arm = RunningArm(target, name="it", setting="plain", work=work, tree=Path.cwd(), articles=1, services=services)
    try:
        arm.wait_ready()
        yield arm
    finally:
        arm.stop()


def shown(url: str) -> dict[str, object]:
    """What a process there says of itself."""
    with urllib.request.urlopen(url) as answer:
        return dict(json.load(answer))


def test_the_backend_is_told_where_its_service_is(tmp_path: Path) -> None:
    """`{NAME_url}` names a service that serves; its CPU is not among the arm's; it ends with the arm."""
    target = described()
    with running(target, target.services_for(["buyer"]), tmp_path) as arm:
        service = shown(str(shown(arm.url)["shop"]))
        assert service["pid"] not in arm.pids
    assert wait_gone(int(str(service["pid"])))


def test_a_service_that_no_journey_needs_is_not_started(tmp_path: Path) -> None:
    """The backend's setting is empty then."""
    target = described()
    assert target.services_for(["reader"]) == {}
    with running(target, {}, tmp_path) as arm:
        assert shown(arm.url)["shop"] == ""


def test_an_arm_that_is_attacked_asks_the_probes(tmp_path: Path) -> None:
    """It is told the service's `attacked_at`, where nobody answers until a probe does."""
    arm = RunningArm(described(), name="it", setting="plain", work=tmp_path, tree=Path.cwd(), articles=1, attacked=True)
    try:
        arm.wait_ready()
        assert shown(arm.url)["shop"] == "https://shop.test"
    finally:
        arm.stop()


def test_a_service_that_ends_is_named(tmp_path: Path) -> None:
    """Its last words are told, and the arm does not stay behind."""
    target = described("import sys; sys.exit('no till')")
    words = "the service shop of it ended with exit code 1; its last words: no till"
    with pytest.raises(TradeoffError, match=words), running(target, target.services, tmp_path):
        pytest.fail("it serves")
