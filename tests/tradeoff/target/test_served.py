"""Waiting until a target serves, with all of its workers."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.loopback import free_port, random_address
from tradeoff.target.description import Ready
from tradeoff.target.errors import TradeoffError
from tradeoff.target.process import ManagedProcess
from tradeoff.target.served import wait_ready, wait_workers

LATE_S = 0.5
# A server that answers at once, and whose second worker comes late.
SERVER = f"""
import http.server, sys, time
begun = time.monotonic()

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        workers = 1 + (time.monotonic() > begun + {LATE_S})
        self.wfile.write(f"# TYPE workers gauge\\nworkers_busy 9.0\\nworkers {{workers}}.0\\n".encode())

    def log_message(self, *words):
        pass

http.server.HTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
"""


@pytest.fixture
def place() -> tuple[str, int]:
    host = random_address()
    return host, free_port(host)


@pytest.fixture
def process(place: tuple[str, int]) -> Iterator[ManagedProcess]:
    words = [sys.executable, "-c", SERVER, place[0], str(place[1])]
    server = ManagedProcess(words, cwd=Path.cwd(), environment={}, name="the server")
    yield server
    server.stop(grace_s=0.0)


def test_all_workers_are_waited_for(process: ManagedProcess, place: tuple[str, int]) -> None:
    """The first answers at once; the second is waited for, and one alone is not."""
    wait_ready(process, *place, "/health", 10.0)
    answered = time.monotonic()
    wait_workers(process, *place, Ready(workers="workers"), 1)
    wait_workers(process, *place, Ready(), 2)
    assert time.monotonic() - answered < LATE_S
    wait_workers(process, *place, Ready(workers="workers"), 2)
    assert time.monotonic() - answered > 0.5 * LATE_S


def test_workers_that_do_not_come_are_told(process: ManagedProcess, place: tuple[str, int]) -> None:
    """One sentence, after the target's own time."""
    wait_ready(process, *place, "/health", 10.0)
    with pytest.raises(TradeoffError, match=r"not all 3 workers of the server served within 1 s"):
        wait_workers(process, *place, Ready(workers="workers", timeout_s=1.0), 3)
