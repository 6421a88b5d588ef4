"""Where the CPU of a request of `hardened` goes: to each control, the ORM, validation, encoding and the rest.

`python -m benchmarks.shares` sends each operation to a server that samples itself (`benchmarks/profiled.py`), on a core
of its own. A share is a count of samples, with its 95 % interval (Wilson); parts below 1 % everywhere are left out.
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

from rich.table import Table
from scipy import stats

from benchmarks.compare import OPERATIONS, Make
from benchmarks.estate import SERVE, Databases, Estate, estate
from benchmarks.output import console
from tests.parts.postgres import DURABLE, postgres_cluster

#: CPU seconds of the server that an operation is watched for.
WATCHED_S = 4.0
WARM_UP = 60
LEAST = 0.01

Counts = Counter[str]


def watched(there: Estate, make: Make, numbers: range, file: Path, seconds: float) -> tuple[Counts, float]:
    """Samples by part while one operation is asked for, and its CPU in µs a request."""
    server = there.servers[-1]
    host = f"{server.host}:{server.port}"
    for number in numbers[:WARM_UP]:
        server.send(make(there, host, number))
    taken(server.pid, file)
    server.watch()
    began, sent = server.cpu_ns(), 0
    while (used := server.cpu_ns() - began) < seconds * 1e9:
        for number in numbers[WARM_UP + sent : WARM_UP + sent + 20]:
            server.send(make(there, host, number))
        sent += 20
    return taken(server.pid, file), used / sent / 1000


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


def shown(database: str, found: Mapping[str, tuple[Counts, float]]) -> Table:
    """One database's shares, the largest first."""
    total: Counts = Counter()
    for counts, _ in found.values():
        total.update(counts)
    parts = [
        part
        for part, _ in total.most_common()
        if any(counts[part] / counts.total() >= LEAST for counts, _ in found.values())
    ]
    table = Table(title=f"{database}: % of the CPU of `hardened` [95 % interval]")
    table.add_column("part")
    for name in found:
        table.add_column(name, justify="right")
    for part in parts:
        table.add_row(part, *(share(counts[part], counts.total()) for counts, _ in found.values()))
    table.add_section()
    table.add_row("µs a request", *(f"{cpu:.0f}" for _, cpu in found.values()))
    table.add_row("samples", *(f"{counts.total():,}" for counts, _ in found.values()))
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
