"""Capacities in the report: latency against offered rate, capacity by arm, and cores for stated rates."""

from __future__ import annotations

from dataclasses import dataclass

from tradeoff.judge.summary import ArmCapacity, CoresNeeded, Summary
from tradeoff.report.axis import along
from tradeoff.report.capacity import capacity_cells, rate_text
from tradeoff.report.chart import Chart, curve, running_median, spanning
from tradeoff.report.whisker import AxisLabel, Whisker, whisker
from tradeoff.report.words import NOT_MEASURED

NOTE = (
    "Visits of the mix, open loop, latency from the intended send time; slices of the arms alternate. A figure's "
    "interval is at 95 %; what fresh processes and other minutes change is its repeatability. Rates are of a "
    "core without other work: what others took of it is counted, shown, and divided out."
)
EXTRAPOLATED = (
    "Extrapolation, not a measurement: the rate divided by what one core carries here at the objective, as if cores "
    "shared nothing. A database, a cache or a lock that they do share comes on top, so these are at least so many."
)
MEDIAN_OF = 4


@dataclass(frozen=True)
class CapacityRow:
    """An arm: its capacity on the axis, and in words."""

    arm: str
    at: Whisker | None
    cells: list[str]


@dataclass(frozen=True)
class CapacityView:
    """The section; it has no rows where no capacity was searched."""

    title: str
    note: str
    rows: list[CapacityRow]
    axis: list[AxisLabel]
    chart: Chart | None
    rates: list[str]
    cores: list[tuple[str, list[str]]]
    extrapolated: str = EXTRAPOLATED


def capacity_view(summary: Summary) -> CapacityView:
    """The section of a summary."""
    known = [one for one in summary.capacities if one.rate]
    scale = along([one.rate for one in known if one.rate]) if known else None
    return CapacityView(
        title=capacity_title(summary),
        note=NOTE,
        rows=[
            CapacityRow(one.arm, whisker(one.rate, scale, "best") if one.rate and scale else None, capacity_cells(one))
            for one in summary.capacities
        ],
        axis=[AxisLabel(tick.at, f"{tick.value:,.10g}") for tick in scale.ticks()] if scale else [],
        chart=_chart(known),
        rates=[f"{rate:,.0f}/s" for rate in dict.fromkeys(one.requests_per_s for one in summary.cores_needed)],
        cores=_cores(summary.cores_needed),
    )


def capacity_title(summary: Summary) -> str:
    """The first arm's capacity, and the arm that differs most from it, in one sentence."""
    if not summary.capacities:
        return "No capacity was searched"
    first = summary.capacities[0]
    if first.rate is None:
        return f"The capacity of {first.arm} is not known: {first.void or NOT_MEASURED}"
    said = f"{first.arm} carries {rate_text(first.rate)} visits/s at {first.objective.label}"
    others = [(one.ratio.value, one.arm) for one in summary.capacities if one.ratio]
    if not others:
        return said
    most, arm = max(others, key=lambda other: abs(other[0] - 1))
    return f"{said}; {arm} {most:.2f} times as many"


def _chart(known: list[ArmCapacity]) -> Chart | None:
    """Of the first group."""
    shown = [one for one in known if one.group == known[0].group and one.curve]
    if not shown:
        return None
    objective = shown[0].objective
    x = spanning([point.rate for one in shown for point in one.curve])
    tails = [max(point.tail_ms, 0.1) for one in shown for point in one.curve]
    y = spanning([*tails, objective.latency_ms])
    curves = []
    for tone, one in enumerate(shown):
        dots = [(point.rate, max(point.tail_ms, 0.1)) for point in one.curve]
        curves.append(curve(one.arm, tone, dots, running_median(dots, MEDIAN_OF), x, y))
    return Chart(
        title=f"p{objective.percentile:g} against offered rate",
        x_title="visits offered a second",
        y_title="ms",
        curves=curves,
        x_axis=x.labels(),
        y_axis=y.labels(),
        bound=round(100 - y.at(objective.latency_ms), 2),
    )


def _cores(needed: list[CoresNeeded]) -> list[tuple[str, list[str]]]:
    arms = dict.fromkeys(one.arm for one in needed)
    return [(arm, [rate_text(one.cores) for one in needed if one.arm == arm]) for arm in arms]
