"""`hardened` beside its twin and the unit: CPU per request, served on one core in the same seconds.

`python -m benchmarks.compare` starts the unit (bare Starlette), the twin (`benchmarks/twin`) and `hardened`, each on a
copy of the same database, on one core, and sends them requests in turns over one keep-alive connection each, from the
other core. CPU is the server's process and, on PostgreSQL, its connections' backends. An epoch is fresh processes on
fresh copies; the interval is of the mean of the epochs' log ratios (t distribution).
"""

import argparse
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from rich.table import Table
from scipy import stats

from benchmarks.estate import Databases, Estate, Request, estate, request
from benchmarks.output import console as terminal
from benchmarks.seeded import SIZE
from tests.parts.postgres import DURABLE, postgres_cluster

WARM_UP, ROUNDS = 60, 250
EPOCHS = 5
#: How often a window is begun before the comparison is given up.
TRIES = 5
BOUND, AIM = 2.0, 1.5
#: Units that an operation may cost, with 1,000 articles (a goal of the project, not of this machine).
UNITS = {"tags": 2.5, "articles": 10.0, "article": 5.0, "articles, signed in": 12.0, "feed": 12.0}


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


def window(there: Estate, make: Make, numbers: Iterator[int], rounds: int) -> list[float]:
    """CPU of a request in µs, by server, over one window of turns; measured anew where a process came or went."""
    for _ in range(TRIES):
        figures = turns(there, make, numbers, rounds)
        if not any(server.changed() for server in there.servers):
            return figures
    raise SystemExit(f"the servers' processes changed in each of {TRIES} windows")


def turns(there: Estate, make: Make, numbers: Iterator[int], rounds: int) -> list[float]:
    """CPU of a request in µs, by server."""
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
    count = len(next(iter(figures.values())))
    table = Table(
        title=f"{database}: CPU of a request of `hardened`, {SIZE.articles:,} articles",
        caption=f"Medians of {count} epochs (fresh processes and databases) of {ROUNDS} requests to each server in "
        "turns, on one core; ratios with the 95 % interval of the epochs' mean log ratio (Student's t)",
    )
    for heading in ("operation", "unit", "twin", "hardened", "against the twin", "in units", "bar"):
        table.add_column(heading, justify="left" if heading in {"operation", "bar"} else "right")
    good = True
    for name, rows in figures.items():
        ratio, low, high = interval(np.log(rows[:, 2] / rows[:, 1]))
        units, least, most = interval(np.log(rows[:, 2] / rows[:, 0]))
        bars, held = judged(ratio, units, UNITS.get(name))
        good = good and held
        unit, twin, hardened = np.median(rows, axis=0)
        table.add_row(
            name,
            *(f"{figure:.0f} µs" for figure in (unit, twin, hardened)),
            f"{ratio:.2f} [{low:.2f}, {high:.2f}]",
            f"{units:.2f} [{least:.2f}, {most:.2f}]",
            bars,
        )
    return table, good


def judged(ratio: float, units: float, goal: float | None) -> tuple[str, bool]:
    """The bars of an operation in words, and whether all of them hold."""
    bars = {f"{BOUND:g}x": ratio <= BOUND, f"aim {AIM:g}x": ratio <= AIM}
    if goal is not None:
        bars[f"{goal:g} units"] = units <= goal
    words = ", ".join(f"{bar} {'holds' if holds else 'MISSED'}" for bar, holds in bars.items())
    return words, all(holds for bar, holds in bars.items() if not bar.startswith("aim"))


def main() -> None:
    """Measure and print; exit 1 where an operation costs more than its goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres"))
    parser.add_argument("--only", choices=OPERATIONS, action="append")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    arguments = parser.parse_args()
    names = arguments.only or list(OPERATIONS)
    console, good = terminal(), True
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
