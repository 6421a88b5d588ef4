"""The command as an operator uses it: real processes, real signals."""

import asyncio
import errno
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import uvloop

from target_app.migrations.run import newest
from target_app.readiness import REVISION
from target_app.serving import doors
from tests.parts.repository import ROOT
from tests.parts.target import TargetServer, target_environment
from tests.target_app.app_client import PASSWORD

Start = Callable[..., TargetServer]


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a command on the test's database."""
    return target_environment("hardened,password_hash=sha256", database_url, tmp_path / "keys.json")


def run(*words: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "target_app", *words]
    return subprocess.run(
        command, env=dict(environment), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """What a refused command said; it must be one line, without a traceback, and exit code 2."""
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("changes", "words", "told"),
    [
        ({"TARGET_TREATMENT": "hardned"}, ["serve"], "did you mean 'hardened'"),
        ({"TARGET_TREATMENT": "none"}, ["serve", "--host", "0.0.0.0"], "only be served on a loopback address"),
        ({"TARGET_DATABASE_URL": "mysql://x/y"}, ["serve"], "must begin with sqlite:/// or postgresql://"),
        ({"TARGET_DATABASE_URL": "postgresql://127.0.0.1:1/x"}, ["serve"], "cannot be reached"),
        ({"TARGET_DATABASE_URL": "sqlite:///missing.db"}, ["serve"], "migrate` first"),
        ({"TARGET_PORT": "many"}, ["serve"], "TARGET_PORT"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_served_is_one_sentence(
    environment: dict[str, str], changes: dict[str, str], words: list[str], told: str
) -> None:
    """A mistake of the operator's is one sentence and exit code 2."""
    assert told in one_sentence(run(*words, environment=environment | changes))


def test_a_broken_key_file_is_one_sentence(environment: dict[str, str]) -> None:
    """A key file that holds no keys is found out before a worker starts."""
    Path(environment["TARGET_SIGNING_KEY_FILE"]).write_text("{")
    assert "cannot be read" in one_sentence(run("serve", "--workers", "2", environment=environment))


def test_a_taken_port_is_one_sentence(environment: dict[str, str]) -> None:
    """A port that another program listens on is named."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = one_sentence(run("serve", "--port", str(port), environment=environment))
    assert f"127.0.0.1:{port}" in said
    assert "in use" in said


@contextmanager
def started(environment: Mapping[str, str], workers: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server as its parent process sees it, with SIGINT ignored by that parent; and the URL that it printed."""
    server = subprocess.Popen(
        [sys.executable, "-m", "target_app", "serve", "--port", "0", "--workers", str(workers)],
        env=dict(environment),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),  # noqa: PLW1509  # one thread here
    )
    with server:
        try:
            said = server.stdout.readline() if server.stdout else ""
            found = re.search(r"http://127\.0\.0\.1:\d+", said)
            assert found, said
            yield server, found[0]
        finally:
            server.kill()


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_within_two_seconds(environment: dict[str, str], number: int, code: int, workers: int) -> None:
    """With an idle connection open, SIGTERM ends the server well and SIGINT with 130, also where SIGINT was ignored."""
    with started(environment, workers) as (server, url), httpx.Client(base_url=url, timeout=30) as client:
        assert client.get("/health").status_code == 200
        began = time.monotonic()
        server.send_signal(number)
        assert server.wait(10) == code
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_read_is_answered(environment: dict[str, str], workers: int) -> None:
    """Asked to end in the midst of registrations that hash, the server answers each, keeps each, and takes no more."""
    environment["TARGET_TREATMENT"] = "hardened,password_hash=argon2id_64mib"  # slow: the signal comes in time
    count = 12
    path = environment["TARGET_DATABASE_URL"].removeprefix("sqlite:///")
    with started(environment, workers) as (server, url), ThreadPoolExecutor(count) as threads, ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client(base_url=url, timeout=30)) for _ in range(count)]
        for client in clients:
            assert client.get("/api/tags").status_code == 200
        answers = [threads.submit(register, client, number) for number, client in enumerate(clients)]
        while registered(path) < 2:
            time.sleep(0.01)
        server.send_signal(signal.SIGTERM)
        assert {answer.result().status_code for answer in answers} == {201}
        late = [answer.result() for answer in answers if answer.result().headers.get("connection") == "close"]
        assert late  # these were running when it was asked, and their clients are told so
        assert server.wait(10) == 0
        assert refused(url)
    assert registered(path) == count


def register(client: httpx.Client, number: int) -> httpx.Response:
    user = {"username": f"user{number}", "email": f"user{number}@example.test", "password": PASSWORD}
    return client.post("/api/users", json={"user": user})


def registered(path: str) -> int:
    """How many users the database holds."""
    with closing(sqlite3.connect(path)) as connection:
        found: int = connection.execute("SELECT count(*) FROM users").fetchone()[0]
        return found


def test_a_killed_worker_is_replaced(start_target: Start, database_url: str) -> None:
    """After kill -9 of one of two workers the other serves on, a new one is there in 5 s, and gauges drop the dead."""
    server = start_target("hardened,password_hash=sha256", database_url, workers=2)
    wait_for(lambda: exposed(server, "target_workers") == 2)
    for _ in range(10):
        httpx.get(f"{server.url}/api/tags")
    tags = 'target_requests_total{method="GET",route="/api/tags",status="200"}'
    before = exposed(server, tags)
    first = workers_of(server.pid)
    killed_at, began = time.time(), time.monotonic()
    os.kill(first[0], signal.SIGKILL)
    wait_for(lambda: exposed(server, "target_start_time_seconds") > killed_at)
    assert time.monotonic() - began < 5
    assert exposed(server, "target_workers") == 2
    assert len(set(workers_of(server.pid)) - set(first)) == 1
    assert exposed(server, tags) == before
    assert exposed(server, "target_requests_in_flight") == 1


def exposed(server: TargetServer, series: str) -> float:
    """The value of a series; 0 where it is not there, or no worker answers at the moment."""
    with suppress(httpx.TransportError):
        for line in httpx.get(f"{server.url}/metrics", timeout=5).text.splitlines():
            if line.startswith(f"{series} "):
                return float(line.rpartition(" ")[2])
    return 0


def wait_for(true: Callable[[], bool], within_s: float = 20) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_workers_share_a_port_and_their_metrics(start_target: Start, database_url: str) -> None:
    """Two workers answer on one port, and `/metrics` counts the requests of both."""
    server = start_target("hardened,password_hash=sha256", database_url, workers=2)
    name = 'target_requests_total{method="GET",route="/api/tags",status="200"} '
    for _ in range(20):  # a connection each: the kernel gives them to either worker
        assert httpx.get(f"{server.url}/api/tags").status_code == 200
    for _ in range(6):  # whichever worker is asked
        lines = [line for line in httpx.get(f"{server.url}/metrics").text.splitlines() if line.startswith(name)]
        assert lines == [f"{name}20.0"]


@pytest.mark.parametrize("moment", ["while they start", "when they serve"])
def test_workers_end_with_their_parent(environment: dict[str, str], moment: str) -> None:
    """A parent that is killed, at whatever moment, leaves no worker behind on the port."""
    with started(environment, 2) as (server, url):
        if moment == "when they serve":
            assert httpx.get(f"{url}/health", timeout=30).status_code == 200
        while len(workers_of(server.pid)) < 2:
            time.sleep(0.005)
        server.kill()
        deadline = time.monotonic() + 20
        while not refused(url):
            assert time.monotonic() < deadline, "a worker still holds the port"
            time.sleep(0.05)


def workers_of(pid: int) -> list[int]:
    """The processes that a server started and that still run."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def refused(url: str) -> bool:
    """Whether nobody listens at the URL any more."""
    parts = urlsplit(url)
    with socket.socket() as caller:
        return caller.connect_ex((parts.hostname, parts.port)) == errno.ECONNREFUSED


def test_the_expected_revision_is_the_newest() -> None:
    """What `serve` asks for without Alembic is what Alembic would bring."""
    assert newest() == REVISION


def test_new_clients_are_let_in_while_turns_of_the_loop_are_long() -> None:
    """Sixteen connections are accepted in a turn, not one: forty are in after ten turns of 20 ms."""
    accepted: list[object] = []

    async def busy(listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        for door in doors(listener):
            await loop.create_server(lambda: _Counting(accepted), sock=door)
        for _ in range(10):
            time.sleep(0.02)
            await asyncio.sleep(0)

    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener, ExitStack() as clients:
        for _ in range(40):
            clients.enter_context(socket.create_connection(listener.getsockname()))
        loop = uvloop.new_event_loop()
        loop.run_until_complete(busy(listener))
    assert len(accepted) == 40


class _Counting(asyncio.Protocol):
    def __init__(self, accepted: list[object]) -> None:
        self._accepted = accepted

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._accepted.append(transport)
