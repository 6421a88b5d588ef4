"""Databases that go and come back, under a real server: 503 meanwhile, never 500, and no restart of the server."""

import asyncio
import os
import resource
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import httpx
import pytest

from target_app.app import document
from target_app.database import sqlite_path
from target_app.migrations.run import migrate
from tests.parts.postgres import SETTINGS, Installation, installed_cluster
from tests.parts.target import TargetServer, run_target
from tests.target_app.app_client import PASSWORD, AppClient, errors

Start = Callable[..., TargetServer]
CHEAP = "hardened,password_hash=sha256"
USER = {"username": "ann", "email": "ann@example.test", "password": PASSWORD}


@contextmanager
def signed_in(url: str) -> Iterator[httpx.Client]:
    """A client with the token of a new user."""
    with httpx.Client(base_url=url, timeout=30) as client:
        token = client.post("/api/users", json={"user": USER}).raise_for_status().json()["user"]["token"]
        client.headers["Authorization"] = f"Token {token}"
        yield client


@dataclass
class Traffic:
    """Reads, writes and log-ins, one after another on a kept connection, until it is told to stop."""

    client: httpx.Client
    slug: str
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    acknowledged: int = 0
    #: When the last answer came that was no success.
    failed_at: float = 0.0

    def once(self) -> None:
        tried: dict[str, Callable[[], httpx.Response]] = {
            "read": lambda: self.client.get("/api/articles"),
            "write": lambda: self.client.post(
                f"/api/articles/{self.slug}/comments", json={"comment": {"body": "Text"}}
            ),
            "log in": lambda: self.client.post("/api/users/login", json={"user": USER}),
        }
        for name, send in tried.items():
            answer = send()
            self.statuses[name, answer.status_code] += 1
            self.acknowledged += name == "write" and answer.is_success
            if not answer.is_success:
                assert "errors" in answer.json()
                assert answer.headers.get("retry-after") == "1", f"{name}: {answer.status_code} {answer.text}"
                self.failed_at = time.monotonic()


@contextmanager
def traffic(client: httpx.Client) -> Iterator[Traffic]:
    """Sends as long as the block runs; a connection that is cut or an answer of a wrong shape fails the test."""
    article = {"title": "a", "description": "About", "body": "Text"}
    slug = client.post("/api/articles", json={"article": article}).raise_for_status().json()["article"]["slug"]
    seen, stop, problems = Traffic(client, slug), threading.Event(), []

    def send() -> None:
        try:
            while not stop.is_set():
                seen.once()
        except Exception as error:  # told by the test
            problems.append(error)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield seen
    finally:
        stop.set()
        sender.join()
    assert not problems, problems


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    """A PostgreSQL cluster that a test may stop."""
    with installed_cluster() as made:
        yield made


def test_postgresql_may_crash_and_return(installation: Installation, start_target: Start) -> None:
    """While it is away every operation is a 503 with Retry-After; once it is back, the next requests succeed."""
    cluster = installation.cluster
    with ExitStack() as stack:
        # Commits reach the operating system before they are acknowledged: it does not crash here.
        with installation.serving(SETTINGS | {"synchronous_commit": "on"}) as process:
            url = cluster.create("crashed")
            migrate(url)
            server = start_target(CHEAP, url)
            seen = stack.enter_context(traffic(stack.enter_context(signed_in(server.url))))
            time.sleep(0.5)
            process.send_signal(signal.SIGQUIT)  # what `pg_ctl stop -m immediate` sends
            process.wait(10)
        time.sleep(0.5)
        assert httpx.get(f"{server.url}/health").status_code == 503
        with installation.serving():
            back = time.monotonic()
            time.sleep(1.5)
            stack.close()
            (kept,) = cluster.query("crashed", "SELECT count(*) FROM comments")
    expected = {("read", 200), ("write", 201), ("log in", 200)} | {(name, 503) for name in ("read", "write", "log in")}
    assert set(seen.statuses) == expected, seen.statuses
    assert seen.failed_at - back < 1.0
    assert seen.acknowledged <= int(kept) <= seen.acknowledged + 1  # one may be kept that was not acknowledged


def test_a_restart_that_nobody_saw_costs_no_request(installation: Installation, start_target: Start) -> None:
    """Pooled connections to a server that has gone meanwhile are noticed before they are used."""
    cluster = installation.cluster
    with installation.serving() as process:
        url = cluster.create("restarted")
        migrate(url)
        server = start_target(CHEAP, url)

        def statuses() -> set[int]:
            with ThreadPoolExecutor(8) as threads:
                return set(threads.map(lambda _: httpx.get(f"{server.url}/api/articles").status_code, range(32)))

        assert statuses() == {200}
        process.send_signal(signal.SIGQUIT)
        process.wait(10)
    with installation.serving():
        assert statuses() == {200}


def test_a_slow_statement_is_given_up(installation: Installation, start_target: Start) -> None:
    """A statement that waits for a lock longer than the limit is a 503, and its connection is of use again."""
    cluster = installation.cluster
    with installation.serving():
        url = cluster.create("locked")
        migrate(url)
        server = start_target(CHEAP, url, settings={"TARGET_STATEMENT_TIMEOUT_MS": "300", "TARGET_POOL_SIZE": "1"})
        with signed_in(server.url) as client:
            with locking(url, "tags"):
                began = time.monotonic()
                answer = client.get("/api/tags")
                assert (answer.status_code, errors(answer)) == (503, {"server": ["is busy"]})
                assert answer.headers["retry-after"] == "1"
                assert 0.25 < time.monotonic() - began < 2
            assert client.get("/api/tags").status_code == 200


def test_a_server_that_hangs_is_not_waited_for(installation: Installation, start_target: Start) -> None:
    """A stopped PostgreSQL says nothing at all: the client gives up a little later than the server would have."""
    cluster = installation.cluster
    with installation.serving() as process:
        url = cluster.create("stopped")
        migrate(url)
        server = start_target(CHEAP, url, settings={"TARGET_STATEMENT_TIMEOUT_MS": "300"})
        with signed_in(server.url) as client:
            backends = children(process.pid)
            for pid in backends:
                os.kill(pid, signal.SIGSTOP)
            try:
                began = time.monotonic()
                assert client.get("/api/tags").status_code == 503
                assert time.monotonic() - began < 5
            finally:
                for pid in backends:
                    os.kill(pid, signal.SIGCONT)
            assert client.get("/api/tags").status_code == 200


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def locking(url: str, table: str) -> Iterator[None]:
    """Another connection that holds a table's strongest lock."""

    async def begin() -> Any:
        connection = await asyncpg.connect(url)
        await connection.execute(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        return connection

    with asyncio.Runner() as runner:
        connection = runner.run(begin())
        try:
            yield
        finally:
            runner.run(connection.close())


def test_a_full_disk_under_sqlite(database_url: str, start_target: Start) -> None:
    """Where the file cannot grow, writes are a 503 in the contract's shape, reading goes on, and so does all later."""
    server = start_target(CHEAP, database_url)
    path = sqlite_path(database_url)
    assert path is not None
    with signed_in(server.url) as client:
        article = {"title": "a", "description": "About", "body": "Text"}
        limits = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (path.stat().st_size, limits[1]))
        try:
            answers = [client.post("/api/articles", json={"article": {**article, "body": "x" * 200_000}})]
            answers.append(client.post("/api/articles", json={"article": {**article, "body": "x" * 200_000}}))
            assert client.get("/api/articles").status_code == 200
        finally:
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, limits)
        assert [answer.status_code for answer in answers] == [503, 503]
        assert errors(answers[0]) == {"database": ["is not available"]}
        assert answers[0].headers["retry-after"] == "1"
        assert client.post("/api/articles", json={"article": article}).status_code == 201
        assert client.get("/api/articles").json()["articlesCount"] == 1


@pytest.mark.parametrize("level", ["generic", "stack_trace", "debug"])
def test_an_outage_is_the_same_answer_in_every_treatment(tmp_path: Path, level: str) -> None:
    """Whatever an unexpected failure tells, a database that cannot be reached is one sentence."""
    treatment = f"{CHEAP},errors_and_docs={level}"
    with AppClient(treatment, "postgresql://127.0.0.1:1/none", signing_key_file=tmp_path / "keys.json") as app:
        answer = app.call("GET", "/api/tags")
    assert (answer.status_code, errors(answer)) == (503, {"database": ["is not available"]})


def test_every_operation_declares_that_it_may_be_unavailable() -> None:
    """The OpenAPI document has a 503 for each."""
    operations = [operation for methods in document()["paths"].values() for operation in methods.values()]
    assert operations
    assert all("503" in operation["responses"] for operation in operations)


def test_a_failure_costs_no_connection(database_url: str, start_target: Start) -> None:
    """A client that got a 500 sends its next request on the same connection and is answered."""
    server = start_target(CHEAP, database_url)
    run_target("lab", "fault", "--kind", "missing_table", environment=server.environment())
    connection = HTTPConnection(server.host, server.port, timeout=10)
    try:
        connection.connect()
        first = connection.sock
        for path, status in (("/api/tags", 500), ("/api/articles", 200), ("/api/tags", 500), ("/api/articles", 200)):
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status
            assert connection.sock is first
        assert "no such table" in server.log.read_text()
    finally:
        connection.close()
