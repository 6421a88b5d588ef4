"""Scaling in words, for the terminal and as JSON."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from tradeoff.judge.summary import ArmScaling, Interval, ScalingFit, Summary
from tradeoff.report import units
from tradeoff.report.capacity import rate_text

COLUMNS = ("workers", "articles", "users", "requests/s", "p99", "CPU", "load process", "limited by")


def fit_text(fit: ScalingFit, of: str) -> str:
    """The law in one sentence: `contention 3.1 % [2.0, 4.2], crosstalk 0.04 % [0.01, 0.07], a peak at 21 users`."""
    if fit.void or fit.one is None or fit.contention is None or fit.crosstalk is None:
        return f"scaling law over {of}: {fit.void}"
    peak = "no peak in sight"
    if fit.peak is not None and fit.peak_users is not None:
        peak = f"a peak of {rate_text(fit.peak)} requests/s at {rate_text(fit.peak_users)} {of}"
    return (
        f"scaling law over {of}: one gives {rate_text(fit.one)} requests/s, contention {_percent(fit.contention)}, "
        f"crosstalk {_percent(fit.crosstalk)}, {peak}"
    )


def _percent(share: Interval) -> str:
    return units.percent_interval(share, signed=False)


def data_texts(scaling: ArmScaling) -> list[str]:
    """Throughput with more data, against that with the least."""
    return [
        f"{one.articles:,} articles against {one.against:,}: throughput × {one.ratio.value:.2f} "
        f"[{one.ratio.low:.2f}, {one.ratio.high:.2f}]"
        for one in scaling.data
    ]


def scale_result(summary: Summary) -> dict[str, Any]:
    """All points and fits, and what opened."""
    return {
        "scalings": [one.model_dump() for one in summary.scalings],
        "openings": [one.model_dump() | {"sentence": one.sentence} for one in summary.openings],
        "not_measured": [one.model_dump() for one in summary.not_measured],
        "verdict": summary.verdict,
        "verdict_reasons": summary.verdict_reasons,
        "run": summary.run,
        "environment": summary.environment,
    }


def print_scaling(summary: Summary, console: Console) -> None:
    """Every point, the fits, and what opened."""
    for scaling in summary.scalings:
        table = Table(*COLUMNS, box=None)
        for row in point_cells(scaling):
            table.add_row(*row)
        console.print(table)
        for line in (
            fit_text(scaling.users_fit, "users"),
            fit_text(scaling.workers_fit, "workers"),
            *data_texts(scaling),
        ):
            console.print(line, markup=False, highlight=False)
    for opening in summary.openings:
        console.print(opening.sentence, markup=False, style="" if opening.declared else "bold red")
    for gap in summary.not_measured:
        console.print(f"not measured: {gap.subject}: {gap.reason}", markup=False)


def point_cells(scaling: ArmScaling) -> list[list[str]]:
    """The points of a scaling, as cells of COLUMNS."""
    return [
        [
            str(point.workers),
            f"{point.articles:,}",
            str(point.users),
            rate_text(point.requests_per_s),
            f"{point.tail_ms:.0f} ms",
            units.percent(point.cpu),
            units.percent(point.generator_cpu),
            point.limit,
        ]
        for point in scaling.points
    ]
