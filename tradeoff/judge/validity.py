"""Why a block or an arm has no price: too much load, failed requests, or other work than the reference did."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from tradeoff.judge.recorded import Recorded
from tradeoff.plan.arm import ArmSpec
from tradeoff.plan.factors import Catalog
from tradeoff.plan.plan import REFERENCE, TWIN
from tradeoff.record.events import ArmWindow

HIGHEST_UTILISATION = 0.75
BYTES_TOLERANCE = 0.01
BACKLOG_SECONDS = 2.0


def why_void(recorded: Recorded) -> str | None:
    """Why no arm of the block has a price, or None."""
    if len(recorded.epochs) < 2:
        return f"only {len(recorded.epochs)} whole epochs were recorded; an interval needs at least two"
    used = median(utilisations(recorded))
    if used > HIGHEST_UTILISATION:
        return (
            f"the target core was used {used:.0%}, more than {HIGHEST_UTILISATION:.0%}: queues would be in the figures"
        )
    for window in recorded.windows:
        limit = max(4, math.ceil(window.rate * BACKLOG_SECONDS))
        if window.arms[REFERENCE].backlog_max > limit:
            return f"in a window of {window.journey} more than {limit} arrivals were waiting: the load was too high"
    if _failed(recorded, REFERENCE) or _failed(recorded, TWIN):
        return "the reference itself failed requests"
    return None


def _failed(recorded: Recorded, arm: str) -> int:
    return sum(w.arms[arm].errors + w.arms[arm].arrivals - w.arms[arm].completed for w in recorded.windows)


def utilisations(recorded: Recorded) -> list[float]:
    """Share of the target core that all arms together used, one figure a window."""
    return [sum(arm.cpu_ns for arm in window.arms.values()) / window.wall_ns for window in recorded.windows]


def differs(recorded: Recorded, name: str, spec: ArmSpec, catalog: Catalog) -> str | None:
    """Why an arm did other work than the reference (refusing work looks cheap), or None."""
    declared = any(level.bytes_differ for level in spec.levels(catalog).values())
    for journey in recorded.journeys_of(name):
        mine = [window.arms[name] for window in recorded.windows if window.journey == journey]
        theirs = [window.arms[REFERENCE] for window in recorded.windows if window.journey == journey]
        if _statuses(mine) != _statuses(theirs):
            return f"its statuses on {journey} differ from the reference's: {_difference(mine, theirs)}"
        sent, expected = sum(arm.bytes for arm in mine), sum(arm.bytes for arm in theirs)
        if not declared and abs(sent - expected) > BYTES_TOLERANCE * max(expected, 1):
            return f"on {journey} it answered {sent} bytes, the reference {expected}, which no level declares"
    return None


def _statuses(windows: Sequence[ArmWindow]) -> dict[str, dict[str, int]]:
    total: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for window in windows:
        for step, counts in window.statuses.items():
            for status, count in counts.items():
                total[step][status] += count
    return {step: dict(counts) for step, counts in total.items()}


def _difference(mine: Sequence[ArmWindow], theirs: Sequence[ArmWindow]) -> str:
    left, right = _statuses(mine), _statuses(theirs)
    step = next(step for step in sorted({*left, *right}) if left.get(step) != right.get(step))
    return f"{step} gave {left.get(step, {})}, not {right.get(step, {})}"
