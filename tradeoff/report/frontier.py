"""The frontier: CPU per request against attacks stopped. Arms stand in bands of equal protection, the best on top.

Each arm has a lane of its own within its band, so that no label can meet another. An arm is on the frontier when no
arm that stops at least as large a share of its attacks is cheaper; a staircase joins these arms.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from tradeoff.judge.summary import FrontierPoint, Interval, Summary
from tradeoff.report import units
from tradeoff.report.axis import Scale, along
from tradeoff.report.whisker import AxisLabel, Whisker, whisker
from tradeoff.report.words import counted, cut, short_setting

LABEL_AT_MOST = 32
"""Characters of a label; the rest stands in its title."""


@dataclass(frozen=True)
class Lane:
    """An arm: `side` is where its label has room ("left" or "right" of its whiskers)."""

    name: str
    label: str
    cpu: str
    figure: str
    whisker: Whisker
    best: bool
    reference: bool
    side: str


@dataclass(frozen=True)
class Step:
    """The staircase in a band: it enters at `enters` and leaves at `leaves` (percent of the width), if it is there."""

    enters: float | None
    leaves: float | None

    @property
    def turns(self) -> bool:
        """Whether an arm of the band is a corner of the staircase."""
        return self.leaves is not None and self.leaves != self.enters


@dataclass(frozen=True)
class Band:
    """Arms that stop the same share of the attacks."""

    label: str
    lanes: list[Lane]
    step: Step


@dataclass(frozen=True)
class Frontier:
    """The picture; it has no bands where no arm was both priced and attacked."""

    title: str
    note: str
    bands: list[Band]
    axis: list[AxisLabel]


def frontier(summary: Summary) -> Frontier:
    """The picture of a summary's frontier."""
    points = sorted(summary.frontier, key=lambda point: (-_share(point), -point.tried, point.cpu_us.value))
    if not points:
        return Frontier("No arm was both priced and attacked", "", [], [])
    scale = along([point.cpu_us for point in points])
    best = best_points(points)
    references = {block.reference for block in summary.blocks}
    return Frontier(
        title=_title(best, points, references),
        note=_note(),
        bands=_bands(points, best, references, scale),
        axis=_axis(scale),
    )


def _share(point: FrontierPoint) -> float:
    return point.stopped / point.tried if point.tried else 0.0


def best_points(points: list[FrontierPoint]) -> list[FrontierPoint]:
    """The arms on the frontier, from the best protected on; `points` in the order of `frontier`."""
    best: list[FrontierPoint] = []
    for point in points:
        if not best or point.cpu_us.value < best[-1].cpu_us.value:
            best.append(point)
    # of two that stop the same share (of different totals) the cheaper one stays
    return [point for point, after in zip(best, [*best[1:], None], strict=True) if not _same(point, after)]


def _same(point: FrontierPoint, after: FrontierPoint | None) -> bool:
    return after is not None and _share(point) == _share(after)


def _bands(points: list[FrontierPoint], best: list[FrontierPoint], references: set[str], scale: Scale) -> list[Band]:
    bands: list[Band] = []
    entered: float | None = None
    for (stopped, tried), group in groupby(points, key=lambda point: (point.stopped, point.tried)):
        members = list(group)
        corner = next((scale.at(point.cpu_us.value) for point in members if point in best), None)
        leaves = entered if corner is None else corner
        lanes = [_lane(point, point in best, point.arm in references, scale) for point in members]
        bands.append(Band(f"{stopped} of {tried}", lanes, Step(entered, leaves)))
        entered = leaves
    return bands


def _lane(point: FrontierPoint, best: bool, reference: bool, scale: Scale) -> Lane:
    place = whisker(point.cpu_us, scale, "best" if best else "other")
    return Lane(
        name=point.arm,
        label=_label(point),
        cpu=units.duration_interval(point.cpu_us, signed=False),
        figure=units.duration(point.cpu_us.value),
        whisker=place,
        best=best,
        reference=reference,
        side="left" if place.at > 55 else "right",
    )


def _label(point: FrontierPoint) -> str:
    if len(point.changed) == 1:
        ((factor, level),) = point.changed.items()
        return " = ".join(short_setting(factor, level, LABEL_AT_MOST - 3))
    return cut(point.arm, LABEL_AT_MOST)


def _title(best: list[FrontierPoint], points: list[FrontierPoint], references: set[str]) -> str:
    top = best[0]
    if top.tried and top.stopped == top.tried:
        safe = f"Stopping all {counted(top.tried, 'attack')} takes {units.duration(top.cpu_us.value)} of CPU a request"
    else:
        safe = f"No arm stops every attack; {top.arm} stops {top.stopped} of {top.tried}"
    reference = next((point for point in points if point.arm in references), top)
    cheapest = best[-1]
    saved = 1 - cheapest.cpu_us.value / reference.cpu_us.value
    if cheapest is top or saved <= 0:
        return f"{safe}; no arm with less protection is cheaper"
    through = cheapest.tried - cheapest.stopped
    return f"{safe}; the cheapest arm saves {units.percent(saved)} and lets {counted(through, 'attack')} through"


def _note() -> str:
    return (
        "CPU per request over your mix, with 95 % intervals. Each arm changes the reference in what its label says. "
        "The line joins the cheapest arms at each level of protection; arms whose whiskers overlap can't be told apart."
    )


def _axis(scale: Scale) -> list[AxisLabel]:
    unit = units.unit_for(scale.high)
    ticks = scale.ticks()
    step = (ticks[1].value - ticks[0].value) / units.US_PER[unit] if len(ticks) > 1 else 1.0
    decimals = units.decimals_for(Interval(value=0, low=-step, high=step))
    return [AxisLabel(tick.at, f"{units.number(tick.value / units.US_PER[unit], decimals)} {unit}") for tick in ticks]
