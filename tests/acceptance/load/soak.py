"""A soak: memory of generator and target stays flat, and where the target leaks, the report says that it does."""

from __future__ import annotations

import os

from loadtests.drive import known_server, page_run
from tests.acceptance.command import Try

SECONDS, LEAK_BYTES = 300, 2048


def soak(number: int) -> Try:
    """Every other run has a target that keeps 2 KiB of each request."""
    leak = LEAK_BYTES if number % 2 else 0
    with known_server("--leak", str(leak)) as url:
        content = page_run(url, min(os.sched_getaffinity(0)), "--arrivals", f"soak 200/s for {SECONDS}s")
    return {"leak": leak, "memory": content["memory"]}


def judge_soak(tries: list[Try]) -> tuple[bool, str]:
    """Nobody grows but the target that leaks, at its rate."""
    told = []
    for one in tries:
        grows = {trend["process"] for trend in one["memory"] if trend["grows"] is not False}
        told.append(grows == ({"target"} if one["leak"] else set()))
    rates = [f"{trend['process']} {trend['slope'] * 3600 / 2**20:.0f} MiB/h" for trend in tries[-1]["memory"]]
    return all(told), f"{sum(told)} of {len(tries)} soaks of {SECONDS} s told right; last: {', '.join(rates)}"
