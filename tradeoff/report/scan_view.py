"""Static scans as table cells. What a scanner reports is a mapping of names that only the scanners know well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tradeoff.judge.summary import ScanJudged
from tradeoff.report import units
from tradeoff.report.words import counted


@dataclass(frozen=True)
class Scanner:
    """A scanner: what it read, and how well it tells weak levels from strong ones (true and false positive rates)."""

    name: str
    files: str
    skipped: str
    tpr: str
    fpr: str
    youden: str


@dataclass(frozen=True)
class Finding:
    """A scanner's result; `expected` where a level declares it."""

    scanner: str
    rule: str
    place: str
    message: str
    standing: str
    expected: bool


@dataclass(frozen=True)
class ScanView:
    """The section on static scans."""

    title: str
    scanners: list[Scanner]
    findings: list[Finding]
    missing: list[Finding]


def scan_view(scan: ScanJudged) -> ScanView:
    """A scan as table cells, unexpected findings first."""
    unexpected = [finding(one, expected=False) for one in scan.unexpected]
    expected = [finding(one, expected=True) for one in scan.findings if one not in scan.unexpected]
    return ScanView(
        title=_title(scan, len(expected)),
        scanners=[_scanner(one) for one in scan.scanners],
        findings=unexpected + expected,
        missing=[finding(one, expected=True) for one in scan.missing],
    )


def finding(one: Mapping[str, object], *, expected: bool) -> Finding:
    """A result as cells."""
    line = one.get("line")
    return Finding(
        scanner=_text(one.get("scanner")),
        rule=_text(one.get("rule")),
        place=_text(one.get("path")) + (f":{line}" if line else ""),
        message=_text(one.get("message")),
        standing=_standing(one) if expected else "declared by no level",
        expected=expected,
    )


def _standing(one: Mapping[str, object]) -> str:
    factor, level = _text(one.get("factor") or one.get("control")), _text(one.get("level"))
    return f"declared by {factor}{f' = {level}' if level else ''}" if factor else "declared"


def _scanner(one: Mapping[str, object]) -> Scanner:
    tpr, fpr = one.get("tpr"), one.get("fpr")
    both = isinstance(tpr, int | float) and isinstance(fpr, int | float)
    return Scanner(
        name=_text(one.get("name")),
        files=_text(one.get("files")),
        skipped=_text(one.get("skipped")) or "0",
        tpr=_rate(tpr),
        fpr=_rate(fpr),
        youden=_rate(float(tpr) - float(fpr)) if both else "–",  # type: ignore[arg-type]  # both are numbers
    )


def _rate(rate: object) -> str:
    return f"{rate:.2f}" if isinstance(rate, int | float) else "–"


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return units.count(len(value))
    return units.count(value) if isinstance(value, int) else str(value)


def _title(scan: ScanJudged, expected: int) -> str:
    if scan.unexpected:
        return f"{counted(len(scan.unexpected), 'finding')} that no level declares"
    return f"{counted(expected, 'finding')}, each declared beside the weak level that causes it"
