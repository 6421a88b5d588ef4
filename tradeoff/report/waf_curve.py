"""The curve of the WAF in the report: what each level stops, what it disturbs, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass

from tradeoff.judge.summary import Interval, Summary, WafPoint
from tradeoff.report import units
from tradeoff.report.axis import Scale
from tradeoff.report.whisker import AxisLabel, Whisker, whisker
from tradeoff.report.words import NOT_MEASURED, UNCERTAIN, counted

SHARES = Scale(0.0, 1.0)


@dataclass(frozen=True)
class WafRow:
    """A level of the WAF: both shares on one axis, and in words."""

    level: str
    blocked: str
    blocked_at: Whisker
    let_pass: str
    let_pass_at: Whisker
    price: str


@dataclass(frozen=True)
class WafCurve:
    """The picture; it has no rows where no WAF was scored."""

    title: str
    note: str
    rows: list[WafRow]
    axis: list[AxisLabel]


def waf_curve(summary: Summary) -> WafCurve:
    """The picture of a summary's WAF levels."""
    points = summary.waf
    return WafCurve(
        title=waf_title(points),
        note=_note(points),
        rows=[_row(point) for point in points],
        axis=[AxisLabel(SHARES.at(share), f"{share:.0%}".replace("%", " %")) for share in (0.0, 0.25, 0.5, 0.75, 1.0)],
    )


def waf_title(points: list[WafPoint]) -> str:
    """The best level by Youden's index, in one sentence."""
    if not points:
        return "No WAF was scored"
    best = max(points, key=lambda point: point.blocked.value + point.let_pass.value)
    return (
        f"{best.level} blocks {_percent(best.blocked.value)} of the attacks and lets "
        f"{_percent(best.let_pass.value)} of the benign requests pass"
    )


def _note(points: list[WafPoint]) -> str:
    if not points:
        return ""
    played = f"{counted(points[0].attacks, 'attack')} and {counted(points[0].benign, 'benign request')} of the corpus"
    return (
        f"{played}, played against each level: the share blocked (filled) and the share let pass (hollow), with "
        "Wilson's 95 % intervals. A WAF is a layer of depth: it has a score, no verdict."
    )


def _row(point: WafPoint) -> WafRow:
    return WafRow(
        level=point.level,
        blocked=_share(point.blocked),
        blocked_at=whisker(point.blocked, SHARES, "best"),
        let_pass=_share(point.let_pass),
        let_pass_at=whisker(point.let_pass, SHARES, "other"),
        price=price_text(point),
    )


def price_text(point: WafPoint) -> str:
    """CPU added over the mix, as a share and per request."""
    if point.share is None or point.added_us is None:
        return NOT_MEASURED
    if not point.share.excludes(0):
        return f"{UNCERTAIN} {units.percent_bounds(point.share)}"
    return f"{units.percent_interval(point.share)}, {units.duration_interval(point.added_us)} a request"


def _share(interval: Interval) -> str:
    return f"{_percent(interval.value)} [{interval.low * 100:.0f}, {interval.high * 100:.0f}]"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"
