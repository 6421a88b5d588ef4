import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from target_app.provider_secrets import SIGNATURE_HEADER, signature
from tests.parts.loopback import random_address
from tests.parts.provider import Provider, provider


class Receiver(ThreadingHTTPServer):
    """Takes events; refuses the first `refusals` of them."""

    refusals = 0

    def __init__(self) -> None:
        super().__init__((random_address(), 0), Handler)
        self.taken: list[tuple[str, bytes]] = []

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}/webhook"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        refused = self.server.refusals > 0
        self.server.refusals -= refused
        if not refused:
            self.server.taken.append((self.headers[SIGNATURE_HEADER], body))
        self.send_response(500 if refused else 204)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        return


@contextmanager
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def charge(there: Provider, key: str, amount: int = 500, reference: str = "order") -> httpx.Response:
    headers = {"Authorization": f"Bearer {there.secrets.api_key()}", "Idempotency-Key": key}
    return httpx.post(f"{there.url}/v1/charges", json={"amount": amount, "reference": reference}, headers=headers)


def wait_for(server: Receiver, count: int) -> list[tuple[str, bytes]]:
    deadline = time.monotonic() + 10
    while len(server.taken) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    return server.taken


def test_events_are_signed(tmp_path: Path) -> None:
    """A charge is told of with a signature over time and body."""
    with receiver() as server, provider(tmp_path, "--webhook-url", server.url) as there:
        made = charge(there, "k1").json()
        ((signed, body),) = wait_for(server, 1)
        seconds, _, digest = signed.removeprefix("t=").partition(",v1=")
        assert digest == signature(there.secrets.webhook_secret(), int(seconds), body)
        assert abs(time.time() - int(seconds)) < 30
        assert json.loads(body)["data"]["id"] == made["id"]


def test_events_come_until_they_are_taken(tmp_path: Path) -> None:
    """A receiver that fails twice gets the event a third time."""
    with receiver() as server, provider(tmp_path, "--webhook-url", server.url) as there:
        server.refusals = 2
        charge(there, "k1")
        assert len(wait_for(server, 1)) == 1


def test_events_come_twice_and_out_of_order(tmp_path: Path) -> None:
    """With the option every event comes twice, under one id, and not in the order of the charges."""
    with receiver() as server, provider(tmp_path, "--webhook-url", server.url, "--webhook-shuffle") as there:
        order = [charge(there, f"k{number}").json()["id"] for number in range(12)]
        events = [json.loads(body) for _, body in wait_for(server, 24)]
    assert len(events) == 24
    assert len({event["id"] for event in events}) == 12
    assert list(dict.fromkeys(event["data"]["id"] for event in events)) != order


def test_events_outlive_a_restart(tmp_path: Path) -> None:
    """What could not be delivered before the provider ended is delivered by the next one."""
    with receiver() as server, provider(tmp_path, "--webhook-url", server.url) as there:
        server.refusals = 10**6
        charge(there, "k1")
        there.stop()
        server.refusals = 0
        there.start()
        assert wait_for(server, 1)


def test_a_key_stands_for_one_charge(tmp_path: Path) -> None:
    """The same key with another amount is a conflict; without the API key nothing is told."""
    with provider(tmp_path) as there:
        assert charge(there, "k1").status_code == 201
        assert charge(there, "k1", 501).status_code == 409
        assert charge(there, "k2", 666).json()["status"] == "declined"
        assert httpx.get(f"{there.url}/v1/charges?reference=order").status_code == 401
        assert httpx.put(f"{there.url}/control", json={}).status_code == 401


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--host", "0.0.0.0"), "loopback alone"),
        (("--database", "/proc/nowhere/provider.db"), "cannot be used"),
    ],
)
def test_it_says_why_it_cannot_start(options: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """One sentence and exit code 2."""
    command = [sys.executable, "-m", "target_app.provider", "--port", "0", "--secret-file", str(tmp_path / "keys")]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert done.stderr.startswith("provider: ")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    """The second provider on a port names it and ends."""
    with provider(tmp_path) as there:
        command = [sys.executable, "-m", "target_app.provider", "--host", there.host, "--port", str(there.port)]
        files = ["--database", str(tmp_path / "other.db"), "--secret-file", str(tmp_path / "keys")]
        done = subprocess.run([*command, *files], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert str(there.port) in done.stderr
