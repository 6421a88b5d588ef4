"""`hardened` beside its twin and the unit: CPU per request, served on one core in the same seconds.

`python -m benchmarks.compare` starts the unit (bare Starlette), the twin (`benchmarks/twin`) and `hardened`, each on a
copy of the same database, on one core, and sends them requests in turns over one keep-alive connection each, from the
other core. CPU is the server's process and, on PostgreSQL, its connections' backends. An epoch is fresh processes on
fresh copies; the interval is of the mean of the epochs' log ratios (t distribution).
"""

import argparse
import math
import os
import secrets
import shutil
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jwt
import numpy as np
import orjson
from rich.console import Console
from rich.table import Table
from scipy import stats

from benchmarks.seeded import PASSWORD_LEVEL, SIZE
from target_app.controls.token_signature import claims
from target_app.migrations.run import migrate
from target_app.seeding import seed
from target_app.signing_keys import SigningKeys
from tests.parts.loopback import free_port, random_address
from tests.parts.postgres import DURABLE, PostgresCluster, postgres_cluster
from tests.parts.process import answers, running, wait_until, with_parent
from tests.parts.provider import Provider
from tests.parts.target import ROOT, target_environment
from tradeoff.target.clock import pin, process_tree, total_cpu_ns

WARM_UP, ROUNDS = 60, 250
EPOCHS = 5
SERVE = (sys.executable, "-m", "target_app")
BOUND, AIM = 2.0, 1.5
#: Units that an operation may cost, with 1,000 articles (a goal of the project, not of this machine).
UNITS = {"tags": 2.5, "articles": 10.0, "article": 5.0, "articles, signed in": 12.0, "feed": 12.0}


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

    @cached_property
    def _socket(self) -> socket.socket:
        connected = socket.create_connection((self.host, self.port), timeout=20)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def send(self, sent: Request) -> bytes:
        """The body of one answer."""
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

    def watch(self) -> None:
        """Note the processes whose CPU counts; they must not change in a window."""
        self._pids = (*process_tree(self.pid), *self.backends())

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


Make = Callable[[Estate, str, int], Request]


def comment_body(number: int) -> object:
    """A new comment."""
    return {"comment": {"body": f"A remark of some length, the {number}th of its kind, about what was written."}}


#: How each operation's request number n is made for a host.
OPERATIONS: Mapping[str, Make] = {
    "tags": lambda _there, host, _n: request(host, "GET", "/api/tags"),
    "articles": lambda _there, host, _n: request(host, "GET", "/api/articles?limit=20"),
    "article": lambda there, host, n: request(host, "GET", f"/api/articles/{there.slugs[n % len(there.slugs)]}"),
    "articles, signed in": lambda there, host, n: request(
        host, "GET", "/api/articles?limit=20", there.tokens[n % len(there.tokens)]
    ),
    "feed": lambda there, host, n: request(
        host, "GET", "/api/articles/feed?limit=20", there.tokens[n % len(there.tokens)]
    ),
    "comment": lambda there, host, n: request(
        host,
        "POST",
        f"/api/articles/{there.slugs[n % len(there.slugs)]}/comments",
        there.tokens[n % len(there.tokens)],
        comment_body(n),
    ),
    "order": lambda there, host, n: request(
        host,
        "POST",
        "/api/orders",
        there.tokens[n % len(there.tokens)],
        {"order": {"slug": there.paid[n // len(there.tokens) % len(there.paid)]}},
        {"Idempotency-Key": f"compare-{n}"},
    ),
}


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


def window(there: Estate, make: Make, numbers: Iterator[int], rounds: int) -> list[float]:
    """CPU of a request in µs, by server, over one window of turns."""
    hosts = [f"{server.host}:{server.port}" for server in there.servers]
    sent = [
        (number, [make(there, host, number) for host in hosts]) for number in (next(numbers) for _ in range(rounds))
    ]
    ok = request(hosts[0], "GET", "/")
    for server in there.servers:
        server.watch()
    before = [server.cpu_ns() for server in there.servers]
    for number, requests in sent:
        for index in ((0, 1, 2), (0, 2, 1))[number % 2]:
            there.servers[index].send(ok if index == 0 else requests[index])
    after = [server.cpu_ns() for server in there.servers]
    return [(end - start) / rounds / 1000 for start, end in zip(before, after, strict=True)]


def epochs(databases: Databases, folder: Path, names: Sequence[str], count: int) -> dict[str, np.ndarray]:
    """CPU in µs by operation: a row an epoch, columns unit, twin, hardened."""
    client, arms = sorted(os.sched_getaffinity(0))[:2]
    os.sched_setaffinity(0, {client})
    figures: dict[str, list[list[float]]] = {name: [] for name in names}
    try:
        for _ in range(count):
            with estate(databases, folder, arms, client) as there:
                numbers = iter(range(10**9))
                for name in names:
                    window(there, OPERATIONS[name], numbers, WARM_UP)
                    figures[name].append(window(there, OPERATIONS[name], numbers, ROUNDS))
    finally:
        os.sched_setaffinity(0, {client, arms})
    return {name: np.array(rows) for name, rows in figures.items()}


def interval(logs: np.ndarray) -> tuple[float, float, float]:
    """A ratio with its 95 % interval, from the logs of the epochs' ratios."""
    half = (
        float(stats.t.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / math.sqrt(len(logs)))
        if len(logs) > 1
        else math.inf
    )
    middle = float(logs.mean())
    return math.exp(middle), math.exp(middle - half), math.exp(middle + half)


def shown(database: str, figures: Mapping[str, np.ndarray]) -> tuple[Table, bool]:
    """One database's figures, and whether all are within the bounds."""
    table = Table(title=f"{database}: CPU of a request of `hardened`, {SIZE.articles:,} articles")
    for heading in ("operation", "unit", "twin", "hardened", "against the twin", "in units", "goal"):
        table.add_column(heading, justify="left" if heading == "operation" else "right")
    good = True
    for name, rows in figures.items():
        ratio, low, high = interval(np.log(rows[:, 2] / rows[:, 1]))
        units, least, most = interval(np.log(rows[:, 2] / rows[:, 0]))
        goal = UNITS.get(name) if database == "SQLite" else None
        good = good and ratio <= BOUND and (goal is None or units <= goal)
        unit, twin, hardened = np.median(rows, axis=0)
        table.add_row(
            name,
            *(f"{figure:.0f} µs" for figure in (unit, twin, hardened)),
            f"{ratio:.2f} [{low:.2f}, {high:.2f}]",
            f"{units:.2f} [{least:.2f}, {most:.2f}]",
            f"{BOUND:.0f}x" + (f", {goal:.1f} units" if goal else ""),
        )
    return table, good


def main() -> None:
    """Measure and print; exit 1 where an operation costs more than its goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres"))
    parser.add_argument("--only", choices=OPERATIONS, action="append")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    arguments = parser.parse_args()
    names = arguments.only or list(OPERATIONS)
    console, good = Console(), True
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        for database in (arguments.database,) if arguments.database else ("sqlite", "postgres"):
            folder = Path(name) / database
            folder.mkdir()
            cluster = stack.enter_context(postgres_cluster(DURABLE)) if database == "postgres" else None
            title = "SQLite" if cluster is None else "PostgreSQL"
            table, held = shown(title, epochs(Databases(folder, cluster), folder, names, arguments.epochs))
            console.print(table)
            good = good and held
    console.print(
        f"{'holds' if good else 'falls short'}: at most {BOUND} times the twin (aim {AIM}), and within the units"
    )
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
