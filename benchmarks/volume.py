"""What lists cost as data grows: CPU of each at 1,000 and at 100,000 articles, in one run, in turns.

`python -m benchmarks.volume` seeds both sizes on SQLite and on PostgreSQL and calls `hardened` in this process. CPU is
this process's and that of the PostgreSQL backends that serve it.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import jwt
import numpy as np
import psutil
from rich.table import Table
from starlette.types import ASGIApp

from benchmarks.asgi import answered, get
from benchmarks.compare import interval
from benchmarks.output import console as terminal
from target_app.app import create_app
from target_app.controls.token_claims import claims
from target_app.migrations.run import migrate
from target_app.seeding import Size, seed
from target_app.settings import Settings
from target_app.signing_keys import SigningKeys
from target_app.treatment import parse_treatment
from tests.parts.postgres import ROLE, postgres_cluster
from tradeoff.target.clock import total_cpu_ns

SIZES = (1_000, 100_000)
CALLS = 20
BOUND = 1.3
#: The rarest tag that fills a page at both sizes stands for the rare ones.
#: A reader who follows twelve authors, and one of the authors.
READER, AUTHOR = 1, "author0001"

LISTS: Mapping[str, tuple[str, str, bool]] = {
    "newest": ("/api/articles", "limit=20", False),
    "newest, second page": ("/api/articles", "limit=20&offset=20", False),
    # A page of another size than the usual: beside the first, what it gains that its plan is kept.
    "newest, 21 of them": ("/api/articles", "limit=21", False),
    "newest, signed in": ("/api/articles", "limit=20", True),
    "popular": ("/api/articles", "limit=20&sort=popular", False),
    "common tag": ("/api/articles", "limit=20&tag=python", False),
    "rare tag": ("/api/articles", "limit=20&tag=accessibility", False),
    "common tag, second page": ("/api/articles", "limit=20&offset=20&tag=python", False),
    "common tag, popular": ("/api/articles", "limit=20&tag=python&sort=popular", False),
    "rare tag, popular": ("/api/articles", "limit=20&tag=accessibility&sort=popular", False),
    "author": ("/api/articles", f"limit=20&author={AUTHOR}", False),
    "favorited": ("/api/articles", "limit=20&favorited=reader0001", False),
    "author and tag": ("/api/articles", f"limit=20&author={AUTHOR}&tag=python", False),
    "feed": ("/api/articles/feed", "limit=20", True),
    "tags": ("/api/tags", "", False),
}


class Served(NamedTuple):
    """An app on one database, and how its reader proves who he is."""

    app: ASGIApp
    token: str


@contextmanager
def served(url: str, folder: Path, runner: asyncio.Runner) -> Iterator[Served]:
    """`hardened`, with its lifespan."""
    settings = Settings(database_url=url, signing_key_file=folder / "keys.json")
    app = create_app(settings, parse_treatment("hardened"))
    lifespan = app.router.lifespan_context(app)
    runner.run(lifespan.__aenter__())
    secret = SigningKeys(settings.key_file).hmac_secret()
    yield Served(app, jwt.encode(claims(READER), secret, "HS256"))
    runner.run(lifespan.__aexit__(None, None, None))


def filled(url: str, articles: int, folder: Path) -> str:
    """A seeded database."""
    migrate(url)
    seed(url, "sha256", Size(articles, max(200, articles // 5), 60), folder / "hashes.json")
    return url


class Clock:
    """CPU of this process and, on PostgreSQL, of the backends of a cluster's databases; in ns."""

    def __init__(self, port: int | None = None) -> None:
        running = psutil.process_iter(["name", "cmdline"]) if port is not None else ()
        self._leader = next((one for one in running if is_cluster(one, "postgres", port)), None)
        self._backends: list[int] = []

    def watch(self) -> None:
        """Note the backends; a benchmark's own pool opens its connections while it warms up and closes none."""
        children = self._leader.children() if self._leader is not None else ()
        self._backends = [child.pid for child in children if f" {ROLE} " in " ".join(child.cmdline())]

    def read(self) -> int:
        """CPU so far."""
        return time.process_time_ns() + total_cpu_ns(self._backends)


def is_cluster(process: psutil.Process, name: str, port: int | None) -> bool:
    """Whether this process leads the PostgreSQL that listens on the port."""
    words: Sequence[str] = process.info["cmdline"] or ()
    return process.info["name"] == name and str(port) in words and "-D" in words


async def called(there: Served, name: str) -> None:
    """CALLS answers of one list."""
    path, query, signed = LISTS[name]
    for _ in range(CALLS):
        scope = get(path, query)
        if signed:
            scope["headers"].append((b"authorization", f"Token {there.token}".encode()))
        start, *_ = await answered(there.app, scope)
        if start["status"] != 200:
            raise SystemExit(f"{name} answers {start['status']}")


def measured(small: Served, large: Served, runner: asyncio.Runner, clock: Clock, rounds: int) -> dict[str, np.ndarray]:
    """CPU in µs of one call, by list: a row a round, columns small and large."""
    figures = {name: np.zeros((rounds, 2)) for name in LISTS}
    for name in LISTS:
        for there in (small, large):
            runner.run(called(there, name))
    for number in range(rounds):
        for name, table in figures.items():
            order = ((0, small), (1, large)) if number % 2 else ((1, large), (0, small))
            for column, there in order:
                clock.watch()
                began = clock.read()
                runner.run(called(there, name))
                table[number, column] = (clock.read() - began) / CALLS / 1000
    return figures


def shown(database: str, figures: Mapping[str, np.ndarray]) -> tuple[Table, bool]:
    """The figures as a table, and whether every ratio is within the bound."""
    rounds = len(next(iter(figures.values())))
    table = Table(
        title=f"{database}: CPU of a list, {SIZES[1]:,} articles against {SIZES[0]:,}",
        caption=f"Medians of {rounds} rounds of {CALLS} calls in turns; ratios with the 95 % interval of the rounds' "
        "mean log ratio (Student's t)",
    )
    for heading in ("list", f"{SIZES[0]:,}", f"{SIZES[1]:,}", "ratio", "bar"):
        table.add_column(heading, justify="left" if heading in {"list", "bar"} else "right")
    good = True
    for name, rows in figures.items():
        ratio, low, high = interval(np.log(rows[:, 1] / rows[:, 0]))
        held = ratio <= BOUND
        good = good and held
        small, large = np.median(rows, axis=0)
        bar = f"{BOUND:g}x {'holds' if held else 'MISSED'}"
        table.add_row(name, f"{small:.0f} µs", f"{large:.0f} µs", f"{ratio:.2f} [{low:.2f}, {high:.2f}]", bar)
    return table, good


def main() -> None:
    """Seed, measure, print; exit 1 where a list slows by more than the bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--only", choices=("sqlite", "postgres"))
    arguments = parser.parse_args()
    console, good = terminal(), True
    with tempfile.TemporaryDirectory() as name, asyncio.Runner() as runner:
        folder = Path(name)
        if arguments.only != "postgres":
            urls = [filled(f"sqlite:///{folder}/{size}.db", size, folder) for size in SIZES]
            with served(urls[0], folder, runner) as small, served(urls[1], folder, runner) as large:
                table, held = shown("SQLite", measured(small, large, runner, Clock(), arguments.rounds))
            console.print(table)
            good = good and held
        if arguments.only != "sqlite":
            with postgres_cluster() as cluster:
                urls = [filled(cluster.create(f"articles_{size}"), size, folder) for size in SIZES]
                clock = Clock(cluster.port)
                with served(urls[0], folder, runner) as small, served(urls[1], folder, runner) as large:
                    table, held = shown("PostgreSQL", measured(small, large, runner, clock, arguments.rounds))
            console.print(table)
            good = good and held
    console.print(f"{'holds' if good else 'falls short'}: no list may cost more than {BOUND} times as much")
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
