"""A master with four workers, of which one is killed in the middle: where is every arrival, and every sample?"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.acceptance.command import Try
from tests.loadtests.engine_run import cluster, ended, known_server, summary

RATE, SECONDS, KILLED_AFTER_S = 400, 15, 12.0


def killed_worker(number: int) -> Try:
    """Kills another one of the four each time."""
    with tempfile.TemporaryDirectory() as folder, known_server() as known:
        written = Path(folder, "summary.json")
        options = ("--arrivals", f"{RATE}/s for {SECONDS}s", "--host", known.url, "--summary", str(written))
        with cluster(4, *options) as running:
            time.sleep(KILLED_AFTER_S)
            running.workers[number % 4].kill()
            ended(running.master, within_s=120)
        content = summary(written)
    return {
        **content["arrivals"],
        "samples": sum(one["latency"]["count"] for one in content["series"]),
        "asked": known.requests,
        "offered": RATE * SECONDS,
    }


def judge_killed_worker(tries: list[Try]) -> tuple[bool, str]:
    """All arrivals are reported or counted as lost, each of the reported has its sample, and none was sent twice."""
    good = [one for one in tries if _accounted(one)]
    lost, offered = sum(one["lost"] for one in tries), sum(one["offered"] for one in tries)
    gone = sum(len(one["gone"]) for one in tries)
    told = f"{len(good)} of {len(tries)} runs account for every arrival and sample"
    return len(good) == len(tries) and gone == len(tries), f"{told}; {gone} workers killed, {lost} of {offered} lost"


def _accounted(one: Try) -> bool:
    arrivals = one["scheduled"] == one["due"] + one["lost"] == one["offered"]
    samples = one["samples"] + one["unanswered"] == one["due"]
    return bool(arrivals and samples and one["samples"] <= one["asked"] <= one["offered"])
