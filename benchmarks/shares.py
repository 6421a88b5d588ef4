"""Where the CPU of a request of `hardened` goes: to each control, the ORM, validation, encoding and the rest.

`python -m benchmarks.shares` sends each operation to a server that samples itself (`benchmarks/profiled.py`), on a core
of its own.
"""

import argparse
import json
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from rich.table import Table
from scipy import stats

from benchmarks.compare import OPERATIONS, Make
from benchmarks.estate import SERVE, Databases, Estate, estate
from benchmarks.output import console
from benchmarks.profiled import INTERVAL_S
from tests.parts.postgres import DURABLE, postgres_cluster
from tradeoff.target.clock import process_tree, total_cpu_ns

#: CPU seconds of the server that an operation is watched for.
WATCHED_S = 4.0
WARM_UP = 60
ALWAYS = ("ORM (SQLAlchemy)", "validation", "encoding")

Counts = Counter[str]


class Watched(NamedTuple):
    """Samples by part, and CPU in µs a request of the server's process and of PostgreSQL's backends."""

    counts: Counts
    process_us: float
    backends_us: float


def watched(there: Estate, make: Make, numbers: range, file: Path, seconds: float) -> Watched:
    """What one operation costs and where, while it is asked for."""
    server = there.servers[-1]
    host = f"{server.host}:{server.port}"
    for number in numbers[:WARM_UP]:
        server.send(make(there, host, number))
    taken(server.pid, file)
    own = process_tree(server.pid)
    server.watch()
    began, began_own, sent = server.cpu_ns(), total_cpu_ns(own), 0
    while server.cpu_ns() - began < seconds * 1e9:
        for number in numbers[WARM_UP + sent : WARM_UP + sent + 20]:
            server.send(make(there, host, number))
        sent += 20
    used, used_own = server.cpu_ns() - began, total_cpu_ns(own) - began_own
    return Watched(taken(server.pid, file), used_own / sent / 1000, (used - used_own) / sent / 1000)


def taken(pid: int, file: Path) -> Counts:
    """The server's samples since it was last asked."""
    file.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR1)
    deadline = time.monotonic() + 10
    while not file.exists():
        if time.monotonic() > deadline:
            raise SystemExit("the server that watches itself did not say what it saw")
        time.sleep(0.01)
    return Counter(json.loads(file.read_text(encoding="utf-8")))


def share(count: int, total: int) -> str:
    """A share in per cent with its interval."""
    interval = stats.binomtest(count, total).proportion_ci(method="wilson")
    return f"{count / total * 100:.1f} [{interval.low * 100:.1f}, {interval.high * 100:.1f}]"


def shown(database: str, found: Mapping[str, Watched]) -> Table:
    """One database's shares, the largest first; what the project promises to show stands there even at nothing."""
    total: Counts = Counter(dict.fromkeys(ALWAYS, 0))
    for one in found.values():
        total.update(one.counts)
    table = Table(
        title=f"{database}: % of the CPU of the process that serves `hardened`",
        caption=f"Samples every {INTERVAL_S * 1000:g} ms of CPU, with the 95 % interval of their share (Wilson); a "
        "control that is not listed was in no sample",
    )
    table.add_column("part")
    for name in found:
        table.add_column(name, justify="right")
    for part, _ in total.most_common():
        table.add_row(part, *(share(one.counts[part], one.counts.total()) for one in found.values()))
    table.add_section()
    table.add_row("µs a request", *(f"{one.process_us:.0f}" for one in found.values()))
    table.add_row("beside it, µs of PostgreSQL", *(f"{one.backends_us:.0f}" for one in found.values()))
    table.add_row("samples", *(f"{one.counts.total():,}" for one in found.values()))
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres"))
    parser.add_argument("--only", choices=OPERATIONS, action="append")
    parser.add_argument("--seconds", type=float, default=WATCHED_S)
    arguments = parser.parse_args()
    names = arguments.only or list(OPERATIONS)
    client, arms = sorted(os.sched_getaffinity(0))[:2]
    os.sched_setaffinity(0, {client})
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        for database in (arguments.database,) if arguments.database else ("sqlite", "postgres"):
            folder = Path(name) / database
            folder.mkdir()
            file = folder / "samples.json"
            cluster = stack.enter_context(postgres_cluster(DURABLE)) if database == "postgres" else None
            serve = (SERVE[0], "-m", "benchmarks.profiled", str(file))
            with estate(Databases(folder, cluster), folder, arms, client, serve) as there:
                starts = iter(range(0, 10**9, 10**6))
                found = {
                    one: watched(there, OPERATIONS[one], range(next(starts), 10**9), file, arguments.seconds)
                    for one in names
                }
            console().print(shown("SQLite" if cluster is None else "PostgreSQL", found))


if __name__ == "__main__":
    main()
