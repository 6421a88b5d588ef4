"""A server that stands still for 6 s of a run of 10 s, at 100 paced arrivals a second: who sees what users would?

The truth is known. An arrival at t seconds is answered at once for t below 2 and from 8 on, and at second 8 in between:
of all latencies half are above 1 s, a tenth above 5 s, a hundredth above 5.9 s. Stock Locust (FastHttpUser,
constant_throughput), hey and autocannon get the same server, rate and time, with 20 connections, as their manuals say.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from loadtests.drive import known_server, page_run
from tests.acceptance.command import ROOT, Try

RATE, SECONDS, BEFORE_S, FROZEN_S, USERS = 100, 10, 2.0, 6.0, 20
FREEZE = ("--freeze-after", str(BEFORE_S), "--freeze-for", str(FROZEN_S))
SHARES = (50.0, 90.0, 99.0)
WITHIN = 0.02
STOCK = Path(__file__).with_name("stock_locustfile.py")

Latencies = dict[str, float]


def truth() -> Latencies:
    """Percentiles of the schedule in ms, nearest rank; an answer that comes at once counts as 0."""
    end_s = BEFORE_S + FROZEN_S
    times = [index / RATE for index in range(RATE * SECONDS)]
    ranked = sorted(max(0.0, end_s - at) if at >= BEFORE_S else 0.0 for at in times)
    return {f"p{share:g}": ranked[round(share / 100 * len(ranked)) - 1] * 1e3 for share in SHARES}


def frozen(_: int) -> Try:
    """What each generator says, in ms; of one that is not installed, nothing."""
    found: dict[str, Latencies | None] = {}
    for name, ask in GENERATORS.items():
        with known_server(*FREEZE, "--core", str(max(os.sched_getaffinity(0)))) as url:
            found[name] = ask(url)
    return {"truth": truth(), "found": found}


def judge_frozen(tries: list[Try]) -> tuple[bool, str]:
    """Every try of ours lies within 2 % of the truth."""
    worst = max(
        abs(one["found"]["ours"][name] / true - 1) for one in tries for name, true in one["truth"].items()
    )  # fmt: skip
    last = tries[-1]["found"]
    others = "; ".join(
        f"{name} {', '.join(f'{key} {value:.1f} ms' for key, value in found.items()) if found else 'is not installed'}"
        for name, found in last.items()
    )
    return worst <= WITHIN, f"{len(tries)} tries, ours off by {worst:.2%} at most (bound {WITHIN:.0%}); last: {others}"


def ours(url: str) -> Latencies:
    """The load engine."""
    content = page_run(url, min(os.sched_getaffinity(0)), "--arrivals", f"{RATE}/s for {SECONDS}s")
    (series,) = content["series"]
    values = {one["percentile"]: one["value_ns"] / 1e6 for one in series["latency"]["percentiles"]}
    return {f"p{share:g}": values[share] for share in SHARES}


def stock_locust(url: str) -> Latencies:
    """Locust without the engine; its own percentiles."""
    with tempfile.TemporaryDirectory() as folder:
        told = f"{folder}/stats"
        command = [sys.executable, "-m", "locust", "-f", str(STOCK), "--headless", "--host", url, "--json-file", told]
        often = ["--users", str(USERS), "--spawn-rate", "100", "--run-time", f"{SECONDS}s", "--stop-timeout", "10"]
        environment = {**os.environ, "EACH_PER_S": str(RATE / USERS)}
        subprocess.run([*command, *often], cwd=ROOT, check=False, capture_output=True, env=environment)
        (entry,) = json.loads(Path(f"{told}.json").read_text(encoding="utf-8"))
    times = sorted((float(time), count) for time, count in entry["response_times"].items())
    return {f"p{share:g}": _ranked(times, share) for share in SHARES}


def _ranked(times: list[tuple[float, int]], share: float) -> float:
    left = share / 100 * sum(count for _, count in times)
    for time, count in times:
        left -= count
        if left <= 0:
            return time
    return times[-1][0]


def hey(url: str) -> Latencies | None:
    """hey: each of its workers is limited to a rate."""
    if not shutil.which("hey"):
        return None
    command = ["hey", "-z", f"{SECONDS}s", "-c", str(USERS), "-q", str(RATE // USERS), f"{url}/"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    said = {found[1]: float(found[2]) * 1e3 for found in re.finditer(r"(\d+)%+ in ([\d.]+) secs", output)}
    return {f"p{share:g}": said[f"{share:g}"] for share in SHARES}


def autocannon(url: str) -> Latencies | None:
    """autocannon at an overall rate; with its own correction for coordinated omission, which is its default."""
    program = os.environ.get("AUTOCANNON") or shutil.which("autocannon")
    if not program:
        return None
    command = [program, "--json", "-d", str(SECONDS), "-c", str(USERS), "-R", str(RATE), f"{url}/"]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["latency"]
    return {f"p{share:g}": float(said[f"p{share:g}"]) for share in SHARES}


GENERATORS: dict[str, Callable[[str], Latencies | None]] = {
    "ours": ours,
    "stock Locust": stock_locust,
    "hey": hey,
    "autocannon": autocannon,
}
