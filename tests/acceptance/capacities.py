"""Capacities against an interleaved reference, many times over, with a busy neighbour on the arms' core."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from tests.acceptance.command import Try, tradeoff

REFERENCE, ARM = "hardened", "none"
SECONDS_EACH = 105
LONGEST_S = 240.0
WITHIN = 0.10
#: The neighbour works and rests in turn, for so long each on average.
SPELL_S = 0.05


def capacity(number: int, seconds: float = SECONDS_EACH) -> Try:
    """One search of both capacities beside a neighbour."""
    began = time.monotonic()
    with busy_neighbour(seed=number):
        code, result = tradeoff("capacity", REFERENCE, ARM, "--seconds", str(seconds))
    took = time.monotonic() - began
    if code:
        return {"void": result["void"], "seconds": took}
    reference, arm = result["arms"]
    return {
        "ratio": arm["ratio"]["value"],
        "low": arm["ratio"]["low"],
        "high": arm["ratio"]["high"],
        "rates": {one["arm"]: one["rate"] for one in (reference, arm)},
        "repeatability": {one["arm"]: one["repeatability"] for one in (reference, arm)},
        "others_cpu": {one["arm"]: one["others_cpu"] for one in (reference, arm)},
        "slices": arm["slices"],
        "load_average": result["environment"]["load average"],
        "seconds": took,
    }


def judge_capacity(tries: list[Try]) -> tuple[bool, str]:
    """No ratio is off the middle one by more than 10 %, none is void, and each took four minutes at most."""
    ratios = [one["ratio"] for one in tries if "ratio" in one]
    if not ratios:
        return False, "every try was void"
    middle, slowest = median(ratios), max(one["seconds"] for one in tries)
    off = max(abs(ratio / middle - 1) for ratio in ratios)
    told = (
        f"{len(ratios)} of {len(tries)} ratios, {min(ratios):.3f} to {max(ratios):.3f}, off the middle by at most "
        f"{off:.1%}; the longest took {slowest:.0f} s"
    )
    return off <= WITHIN and slowest <= LONGEST_S and len(ratios) == len(tries), told


@contextmanager
def busy_neighbour(seed: int) -> Iterator[None]:
    """A process on the arms' core that works half of the time, in spells of random length."""
    core = sorted(os.sched_getaffinity(0))[1]
    neighbour = multiprocessing.get_context("spawn").Process(target=_work_and_rest, args=(core, seed), daemon=True)
    neighbour.start()
    try:
        yield
    finally:
        neighbour.kill()
        neighbour.join()


def _work_and_rest(core: int, seed: int) -> None:
    os.sched_setaffinity(0, {core})
    draw = random.Random(seed)
    while True:
        end = time.monotonic() + draw.expovariate(1 / SPELL_S)
        while time.monotonic() < end:
            pass
        time.sleep(draw.expovariate(1 / SPELL_S))
