"""Capacities in words, for the terminal and as JSON."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from tradeoff.judge.summary import ArmCapacity, Interval, Summary
from tradeoff.report import units
from tradeoff.report.words import NOT_MEASURED

#: From which share of a core on other work on it is worth a word.
SHOWN_OTHERS = 0.05


def rate_text(rate: Interval) -> str:
    """A rate with the digits that its interval carries: `212 [205, 219]`."""
    decimals = units.decimals_for(rate)
    low, high = (units.number(bound, decimals) for bound in (rate.low, rate.high))
    return f"{units.number(rate.value, decimals)} [{low}, {high}]"


def ratio_text(one: ArmCapacity) -> str:
    """The ratio to the arm it is compared with."""
    if one.ratio is None:
        return ""
    return f"× {one.ratio.value:.2f} [{one.ratio.low:.2f}, {one.ratio.high:.2f}] of {one.against}"


def repeats_text(one: ArmCapacity) -> str:
    """What rounds of fresh processes differ by: `± 3 % over 3 rounds`."""
    if one.repeatability is None:
        return "one round: repeatability not known"
    return f"± {units.percent(one.repeatability)} over {len(one.rounds)} rounds"


def capacity_result(summary: Summary) -> dict[str, Any]:
    """The first arm's figures, then all arms'. Rates are visits a second."""
    arms = [_arm(one) for one in summary.capacities]
    reasons = "; ".join(f"{one.subject}: {one.reason}" for one in summary.not_measured)
    first = arms[0] if arms else {"rate": None, "p99_ms": None, "error_rate": None, "void": reasons}
    return {**first, "arms": arms, "run": summary.run, "environment": summary.environment}


def _arm(one: ArmCapacity) -> dict[str, Any]:
    point = one.at_capacity
    return {
        "arm": one.arm,
        "objective": one.objective.label,
        "rate": one.rate.value if one.rate else None,
        "low": one.rate.low if one.rate else None,
        "high": one.rate.high if one.rate else None,
        "requests_per_s": point.requests_per_s.model_dump() if point else None,
        "p99_ms": point.tail_ms if point else None,
        "error_rate": point.error_rate if point else None,
        "cpu": point.cpu if point else None,
        "others_cpu": point.others if point else None,
        "repeatability": one.repeatability,
        "rounds": one.rounds,
        "against": one.against,
        "ratio": one.ratio.model_dump() if one.ratio else None,
        "slices": one.slices,
        "void": one.void,
    }


def print_capacities(summary: Summary, console: Console) -> None:
    """One line an arm, then what was not measured."""
    table = Table("arm", "visits/s", "requests/s", "at capacity", "repeats", "ratio", box=None)
    for one in summary.capacities:
        table.add_row(one.arm, *capacity_cells(one))
    console.print(table)
    for gap in summary.not_measured:
        console.print(f"{gap.subject}: {gap.reason}", markup=False, style="bold red")


def capacity_cells(one: ArmCapacity) -> list[str]:
    """Rate, requests, latency and CPU at the capacity, repeatability, ratio."""
    if one.rate is None or one.at_capacity is None:
        return [NOT_MEASURED, one.void or "", "", "", ""]
    point = one.at_capacity
    at = f"p{one.objective.percentile:g} {point.tail_ms:.0f} ms, {units.percent(point.cpu)} of a core"
    at += f", others {units.percent(point.others)}" if point.others >= SHOWN_OTHERS else ""
    return [rate_text(one.rate), rate_text(point.requests_per_s), at, repeats_text(one), ratio_text(one)]
