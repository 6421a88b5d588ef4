"""What this machine can drive: the engine on one core, a server of known behaviour on another, rates that double.

`python -m loadtests.drive` prints it as JSON. A rate is driven if it was kept with a p99 send lag of at most 1 ms.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("page.py")
RATES = (500, 1000, 2000, 4000, 8000)
LAG_NS = 1_000_000
SHARE = 0.005  # of the rate, by which what was sent may differ
PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


@dataclass(frozen=True, slots=True)
class Driven:
    """One rate: what was sent a second up to the last one, the p99 send lag in ns, and how many were answered."""

    rate: int
    sent: float
    lag_p99_ns: int
    answered: int = 0

    @property
    def rate_kept(self) -> bool:
        """Within 0.5 %."""
        return abs(self.sent - self.rate) <= SHARE * self.rate

    @property
    def kept(self) -> bool:
        """Also on time."""
        return self.rate_kept and self.lag_p99_ns <= LAG_NS


@dataclass(frozen=True, slots=True)
class Limits:
    """How many connections this machine lets a process open: descriptors, and ports to one address."""

    descriptors: int
    ports: int


def limits() -> Limits:
    """What holds now; ports are 0 where they cannot be read."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    first, last = map(int, PORTS.read_text().split()) if PORTS.exists() else (1, 0)
    return Limits(hard, last - first + 1)


def drive(rates: Sequence[int] = RATES, seconds: float = 1.0) -> list[Driven]:
    """Each rate for so long, after a second of the first for warming up; two cores if there are two."""
    cores = sorted(os.sched_getaffinity(0))
    text = ", ".join([f"{rates[0]}/s for 1s", *(f"{rate}/s for {seconds:g}s" for rate in rates)])
    with known_server("--core", str(cores[-1])) as url:
        content = page_run(url, cores[0], "--arrivals", text, "--warm-up", "1s")
    return [_driven(rate, seconds, content["stages"].get(f"{rate}/s for {seconds:g}s", {})) for rate in rates]


def _driven(rate: int, seconds: float, stage: dict[str, Any]) -> Driven:
    if not stage:
        return Driven(rate, 0.0, 0)
    lag = stage["lag"]
    (p99,) = [one["value_ns"] for one in lag["percentiles"] if one["percentile"] == 99.0]
    return Driven(rate, stage["sent"] / (seconds + lag["max_ns"] / 1e9), p99, stage["ended"])


@contextmanager
def known_server(*options: str) -> Iterator[str]:
    """The URL of a server of known behaviour."""
    command = [sys.executable, "-m", "loadtests.known_server", *options]
    with subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        try:
            yield f"http://127.0.0.1:{json.loads(child.stdout.readline())['port']}"
            child.stdin.close()
        finally:
            child.kill()


def page_run(url: str, core: int, *options: str) -> dict[str, Any]:
    """The summary of a run of the page locustfile on one core; raises OSError where it cannot run."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder, "summary.json")
        command = ["taskset", "-c", str(core), sys.executable, "-m", "locust", "-f", str(PAGE), "--headless"]
        told = ["--host", url, "--summary", str(written)]
        done = subprocess.run([*command, *told, *options], capture_output=True, text=True, check=False)
        if not written.exists():
            raise OSError(f"Locust wrote no summary: {done.stderr.strip()[-400:]}")
        content: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
        return content


def main() -> None:
    """Print what was driven, and the limits."""
    rates = [{**asdict(one), "kept": one.kept} for one in drive()]
    json.dump({"rates": rates, "limits": asdict(limits())}, sys.stdout)


if __name__ == "__main__":
    main()
