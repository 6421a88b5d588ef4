"""What is compared: the unit, the twin and `hardened`, served on one core, each on a database of its own."""

import os
import secrets
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jwt
import orjson

from benchmarks.seeded import PASSWORD_LEVEL, SIZE
from target_app.controls.token_claims import claims
from target_app.migrations.run import migrate
from target_app.seeding import seed
from target_app.signing_keys import SigningKeys
from tests.parts.loopback import free_port, random_address
from tests.parts.postgres import PostgresCluster
from tests.parts.process import answers, running, wait_until, with_parent
from tests.parts.provider import Provider
from tests.parts.repository import ROOT
from tests.parts.target import target_environment
from tradeoff.target.clock import pin, process_tree, total_cpu_ns

#: The rate limit of `hardened` lets an address ask for 10,000 points at once; an order costs 20.
REQUESTS_OF_AN_ADDRESS = 400
SERVE = (sys.executable, "-m", "target_app")


@dataclass(frozen=True)
class Request:
    """One request, as bytes, and the status that it must get."""

    content: bytes
    status: int = 200


def request(
    host: str, method: str, path: str, token: str = "", body: object = None, headers: Mapping[str, str] | None = None
) -> Request:
    """A request as a plain client sends it."""
    content = b"" if body is None else orjson.dumps(body)
    lines = {"Host": host, "Accept": "*/*", **(headers or {})}
    if token:
        lines["Authorization"] = f"Token {token}"
    if body is not None:
        lines |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return Request(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content, 201 if method == "POST" else 200)


@dataclass
class Server:
    """A running server with one connection to it."""

    name: str
    host: str
    port: int
    pid: int
    backends: Callable[[], Sequence[int]] = tuple
    _pids: tuple[int, ...] = ()
    _sent: int = 0

    @cached_property
    def _socket(self) -> socket.socket:
        connected = socket.create_connection((self.host, self.port), timeout=20, source_address=(random_address(), 0))
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def send(self, sent: Request) -> bytes:
        """The body of one answer. After many requests it comes from another address: each has a budget."""
        self._sent += 1
        if self._sent % REQUESTS_OF_AN_ADDRESS == 0:
            self.close()
            del self._socket
        self._socket.sendall(sent.content)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
        while len(body) < length:
            body += self._more()
        if not lines[0].split(b" ")[1] == str(sent.status).encode():
            raise SystemExit(f"{self.name} answers {lines[0].decode()}: {body[:200]!r} to {sent.content[:120]!r}")
        return body

    def _more(self) -> bytes:
        more = self._socket.recv(65536)
        if not more:
            raise SystemExit(f"{self.name} closed the connection")
        return more

    def _processes(self) -> tuple[int, ...]:
        return (*process_tree(self.pid), *sorted(self.backends()))

    def watch(self) -> None:
        """Note the processes whose CPU counts."""
        self._pids = self._processes()

    def changed(self) -> bool:
        """Whether they are others now: what a new one used is not in `cpu_ns`."""
        return self._processes() != self._pids

    def cpu_ns(self) -> int:
        """CPU of its processes."""
        return total_cpu_ns(self._pids)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


@dataclass(frozen=True)
class Estate:
    """The three servers of an epoch, and what requests need."""

    servers: tuple[Server, ...]
    tokens: Sequence[str]
    slugs: Sequence[str]
    paid: Sequence[str]


class Databases:
    """A seeded database to copy, on SQLite or in a PostgreSQL cluster."""

    def __init__(self, folder: Path, cluster: PostgresCluster | None) -> None:
        self._folder, self._cluster = folder, cluster
        self.keys = folder / "keys.json"
        self._template = f"sqlite:///{folder}/template.db" if cluster is None else cluster.create("template_of_all")
        migrate(self._template)
        seed(self._template, PASSWORD_LEVEL, SIZE, folder / "hashes.json")

    def slugs(self, condition: str) -> list[str]:
        """Slugs of articles, the newest first. Read here: a server plans by what it has been asked before."""
        question = f"SELECT slug FROM articles WHERE {condition} ORDER BY id DESC"
        if self._cluster is not None:
            return self._cluster.query("template_of_all", question)
        with closing(sqlite3.connect(self._folder / "template.db")) as template:
            return [slug for (slug,) in template.execute(question)]

    @contextmanager
    def copy(self) -> Iterator[tuple[str, Callable[[], Sequence[int]]]]:
        """The URL of a copy, and what lists the backends that serve it."""
        if self._cluster is None:
            path = self._folder / f"{secrets.token_hex(4)}.db"
            shutil.copyfile(self._folder / "template.db", path)
            yield f"sqlite:///{path}", tuple
            return
        cluster = self._cluster
        with cluster.database(template="template_of_all") as url:
            name = url.rpartition("/")[2]
            listed = f"SELECT pid FROM pg_stat_activity WHERE datname = '{name}'"
            yield url, lambda: [int(row) for row in cluster.query("postgres", listed)]


@contextmanager
def started(
    name: str, command: Sequence[str], environment: Mapping[str, str], host: str, folder: Path
) -> Iterator[Server]:
    """One server on the second core; `{port}` in the command is a free port."""
    port = free_port(host)
    log = folder / f"{name}-{port}.log"
    words = [word.replace("{port}", str(port)) for word in command]
    environment = {**environment, "PYTHONHASHSEED": str(secrets.randbelow(2**32))}
    with running([*with_parent("KILL"), *words], log=log, env=environment, cwd=ROOT) as process:
        wait_until(lambda: answers(f"http://{host}:{port}/health"), process=process, log=log, what=name)
        yield Server(name, host, port, process.pid)


def uvicorn(app: str, host: str) -> list[str]:
    """What serves an ASGI application as `serve` does."""
    options = ["--loop", "uvloop", "--http", "httptools", "--ws", "none", "--no-access-log", "--no-server-header"]
    return [sys.executable, "-m", "uvicorn", app, "--host", host, "--port", "{port}", *options]


@contextmanager
def estate(
    databases: Databases, folder: Path, arms_core: int, client_core: int, serve: Sequence[str] = SERVE
) -> Iterator[Estate]:
    """Unit, twin and `hardened`, each with a provider and a copy of the database of its own.

    `serve` begins the command that serves `hardened`.
    """
    secret = SigningKeys(databases.keys).hmac_secret()
    with ExitStack() as stack:
        servers = [stack.enter_context(started("unit", uvicorn("benchmarks.twin.unit:app", h), os.environ, h, folder))
                   for h in (random_address(),)]  # fmt: skip
        for name in ("twin", "hardened"):
            url, backends = stack.enter_context(databases.copy())
            own = folder / secrets.token_hex(4)
            own.mkdir()
            provider = Provider(own)
            provider.start()
            stack.callback(provider.stop)
            pin(process_tree(provider.pid), {client_core})
            host = random_address()
            if name == "twin":
                command = uvicorn("benchmarks.twin.app:app", host)
                environment = {
                    **os.environ,
                    "TWIN_DATABASE_URL": url,
                    "TWIN_HMAC_SECRET": secret.hex(),
                    "TWIN_PROVIDER_URL": provider.url,
                    "TWIN_PROVIDER_KEY": provider.secrets.api_key(),
                }
            else:
                command = [*serve, "serve", "--host", host, "--port", "{port}"]
                environment = {**target_environment("hardened", url, databases.keys), **provider.settings}
            server = stack.enter_context(started(name, command, environment, host, folder))
            server.backends = backends
            servers.append(server)
        for server in servers:
            pin(process_tree(server.pid), {arms_core})
            stack.callback(server.close)
        tokens = [jwt.encode(claims(user), secret, "HS256") for user in range(1, SIZE.logins + 1)]
        yield Estate(
            tuple(servers), tokens, databases.slugs("draft IS FALSE"), databases.slugs("draft IS FALSE AND price > 0")
        )
