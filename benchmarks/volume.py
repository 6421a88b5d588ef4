"""What lists cost as data grows: CPU of each at 1,000 and at 100,000 articles, in one run, in turns.

`python -m benchmarks.volume` seeds both sizes on SQLite and on PostgreSQL and calls `hardened` in this process. CPU is
this process's and that of all PostgreSQL backends together. The interval is of the mean of the rounds' log ratios.
"""

import argparse
import asyncio
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table
from scipy import stats
from starlette.types import ASGIApp

from benchmarks.asgi import answered, get
from target_app.app import create_app
from target_app.migrations.run import migrate
from target_app.parts import Parts
from target_app.seeding import Size, seed
from target_app.settings import Settings
from target_app.treatment import parse_treatment
from tests.parts.postgres import postgres_cluster
from tradeoff.target.clock import total_cpu_ns

SIZES = (1_000, 100_000)
CALLS = 20
BOUND = 1.3
#: The rarest tag that fills a page at both sizes stands for the rare ones.
#: A reader who follows twelve authors, and one of the authors.
READER, AUTHOR = 1, "author0001"

LISTS: Mapping[str, tuple[str, str, bool]] = {
    "newest": ("/api/articles", "limit=20", False),
    "newest, signed in": ("/api/articles", "limit=20", True),
    "popular": ("/api/articles", "limit=20&sort=popular", False),
    "common tag": ("/api/articles", "limit=20&tag=python", False),
    "rare tag": ("/api/articles", "limit=20&tag=accessibility", False),
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
    app = create_app(Settings(database_url=url, signing_key_file=folder / "keys.json"), parse_treatment("hardened"))
    lifespan = app.router.lifespan_context(app)
    runner.run(lifespan.__aenter__())
    parts: Parts = app.state.parts
    yield Served(app, parts.tokens.sign(READER))
    runner.run(lifespan.__aexit__(None, None, None))


def filled(url: str, articles: int, folder: Path) -> str:
    """A seeded database."""
    migrate(url)
    seed(url, "sha256", Size(articles, max(200, articles // 5), 60), folder / "hashes.json")
    return url


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


def measured(
    small: Served, large: Served, runner: asyncio.Runner, clock: Callable[[], int], rounds: int
) -> dict[str, np.ndarray]:
    """CPU in µs of one call, by list: a row a round, columns small and large."""
    figures = {name: np.zeros((rounds, 2)) for name in LISTS}
    for name in LISTS:
        for there in (small, large):
            runner.run(called(there, name))
    for number in range(rounds):
        for name, table in figures.items():
            order = ((0, small), (1, large)) if number % 2 else ((1, large), (0, small))
            for column, there in order:
                began = clock()
                runner.run(called(there, name))
                table[number, column] = (clock() - began) / CALLS / 1000
    return figures


def shown(database: str, figures: Mapping[str, np.ndarray]) -> tuple[Table, bool]:
    """The figures as a table, and whether every ratio is surely or possibly within the bound."""
    table = Table(title=f"{database}: CPU of a list, {SIZES[1]:,} articles against {SIZES[0]:,}")
    for heading in ("list", f"{SIZES[0]:,}", f"{SIZES[1]:,}", "ratio"):
        table.add_column(heading, justify="left" if heading == "list" else "right")
    good = True
    for name, rows in figures.items():
        logs = np.log(rows[:, 1] / rows[:, 0])
        half = float(stats.t.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / math.sqrt(len(logs)))
        ratio, low, high = (math.exp(float(logs.mean()) + shift) for shift in (0.0, -half, half))
        good = good and ratio <= BOUND
        small, large = np.median(rows, axis=0)
        table.add_row(name, f"{small:.0f} µs", f"{large:.0f} µs", f"{ratio:.2f} [{low:.2f}, {high:.2f}]")
    return table, good


def process_clock() -> int:
    """CPU of this process, in ns."""
    return time.process_time_ns()


def clock_with(name: str, port: int) -> Callable[[], int]:
    """CPU of this process and of the processes of that name that serve that port's cluster, in ns."""
    leader = next(one for one in psutil.process_iter(["name", "cmdline"]) if is_cluster(one, name, port))

    def clock() -> int:
        backends = [child.pid for child in leader.children() if "idle" in " ".join(child.cmdline())]
        return time.process_time_ns() + total_cpu_ns(backends)

    return clock


def is_cluster(process: psutil.Process, name: str, port: int) -> bool:
    """Whether this process leads the PostgreSQL that listens on the port."""
    words: Sequence[str] = process.info["cmdline"] or ()
    return process.info["name"] == name and str(port) in words and "-D" in words


def main() -> None:
    """Seed, measure, print; exit 1 where a list slows by more than the bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--only", choices=("sqlite", "postgres"))
    arguments = parser.parse_args()
    console, good = Console(), True
    with tempfile.TemporaryDirectory() as name, asyncio.Runner() as runner:
        folder = Path(name)
        if arguments.only != "postgres":
            urls = [filled(f"sqlite:///{folder}/{size}.db", size, folder) for size in SIZES]
            with served(urls[0], folder, runner) as small, served(urls[1], folder, runner) as large:
                table, held = shown("SQLite", measured(small, large, runner, process_clock, arguments.rounds))
            console.print(table)
            good = good and held
        if arguments.only != "sqlite":
            with postgres_cluster() as cluster:
                urls = [filled(cluster.create(f"articles_{size}"), size, folder) for size in SIZES]
                clock = clock_with("postgres", cluster.port)
                with served(urls[0], folder, runner) as small, served(urls[1], folder, runner) as large:
                    table, held = shown("PostgreSQL", measured(small, large, runner, clock, arguments.rounds))
            console.print(table)
            good = good and held
    console.print(f"{'holds' if good else 'falls short'}: no list may cost more than {BOUND} times as much")
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
