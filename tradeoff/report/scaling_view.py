"""Scaling in the report: throughput against users at once, the fitted law, and what limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tradeoff.judge.scaling import law
from tradeoff.judge.summary import ArmScaling, Summary
from tradeoff.report.capacity import rate_text
from tradeoff.report.chart import Chart, Curve, LogScale, curve, spanning
from tradeoff.report.scaling import COLUMNS, data_texts, fit_text, point_cells
from tradeoff.report.words import counted

NOTE = (
    "Users at once, closed loop: each comes again as soon as it has its answer. Dots are means over the rounds; the "
    "smooth curve is the Universal Scalability Law, fitted to the first series. A limit is named where a processor is "
    "full; where none is, users are too few or wait for a database, a lock or a pool."
)
FITTED_AT = 40


@dataclass(frozen=True)
class ScalingArm:
    """One arm: its picture, what was fitted, and every point."""

    arm: str
    chart: Chart
    said: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class ScalingView:
    """The section; it has no arms where nothing was scaled."""

    title: str
    note: str
    columns: tuple[str, ...]
    arms: list[ScalingArm]


def scaling_view(summary: Summary) -> ScalingView:
    """The section of a summary."""
    return ScalingView(
        title=scaling_title(summary),
        note=NOTE,
        columns=COLUMNS,
        arms=[
            ScalingArm(
                arm=one.arm,
                chart=_chart(one),
                said=[*(fit_text(fit, of) for fit, of in one.fits), *data_texts(one)],
                rows=point_cells(one),
            )
            for one in summary.scalings
        ],
    )


def scaling_title(summary: Summary) -> str:
    """The most that an arm carried, and what limits it there, in one sentence."""
    if not summary.scalings:
        return "No scaling was measured"
    first = summary.scalings[0]
    best = max(first.points, key=lambda point: point.requests_per_s.value)
    return (
        f"{first.arm} answers at most {rate_text(best.requests_per_s)} requests/s, with "
        f"{counted(best.users, 'user')} at once; its limit there: {best.limit}"
    )


def _chart(scaling: ArmScaling) -> Chart:
    places = list(dict.fromkeys((point.workers, point.articles) for point in scaling.points))
    x = spanning([float(point.users) for point in scaling.points])
    y = spanning([point.requests_per_s.value for point in scaling.points])
    curves = [_measured(scaling, place, tone, x, y) for tone, place in enumerate(places)]
    return Chart(
        title=f"Throughput of {scaling.arm} against users at once",
        x_title="users at once",
        y_title="requests/s",
        curves=curves,
        x_axis=x.labels(),
        y_axis=y.labels(),
    )


def _measured(scaling: ArmScaling, place: tuple[int, int], tone: int, x: LogScale, y: LogScale) -> Curve:
    dots = [
        (float(point.users), point.requests_per_s.value)
        for point in scaling.points
        if (point.workers, point.articles) == place
    ]
    fit = scaling.users_fit
    line = dots
    if tone == 0 and fit.one and fit.contention and fit.crosstalk:
        users = np.geomspace(dots[0][0], dots[-1][0], FITTED_AT)
        fitted = law(users, fit.one.value, fit.contention.value, fit.crosstalk.value)
        line = [(float(at), float(value)) for at, value in zip(users, fitted, strict=True)]
    return curve(f"{counted(place[0], 'worker')}, {place[1]:,} articles", tone, dots, line, x, y)
