"""Static scans as table cells, from the mappings that `tradeoff scan --json` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from tradeoff.judge.summary import ScanJudged
from tradeoff.report import units
from tradeoff.report.words import counted

NO_RATE = "–"


@dataclass(frozen=True)
class Scanner:
    """A scanner: what it read and found, and how well it tells weak levels from strong ones (TPR, FPR, TPR − FPR)."""

    name: str
    files: str
    skipped: str
    findings: str
    tpr: str
    fpr: str
    youden: str


@dataclass(frozen=True)
class Finding:
    """A scanner's result, and who says that it may stand."""

    name: str
    place: str
    message: str
    standing: str
    expected: bool


@dataclass(frozen=True)
class SetRate:
    """All scanners joined, on one set of cases."""

    name: str
    found: str
    alarmed: str
    youden: str


@dataclass(frozen=True)
class ScanView:
    """The section on static scans; `allowed` are findings for which the scan's policy gives a reason."""

    title: str
    scanners: list[Scanner]
    rated: bool
    findings: list[Finding]
    allowed: list[Finding]
    missing: list[Finding]
    rates: list[SetRate]


def scan_view(scan: ScanJudged) -> ScanView:
    """A scan as table cells, unexpected findings first."""
    known = [one for one in scan.findings if one not in scan.unexpected]
    by_level = [finding(one) for one in known if one.get("control")]
    return ScanView(
        title=_title(scan, len(by_level)),
        scanners=[_scanner(one) for one in scan.scanners],
        rates=[_set_rate(one) for one in scan.rating if one.get("scanner") == "joined" and one.get("class") is None],
        rated=any(_is_number(one.get("tpr")) for one in scan.scanners),
        findings=[finding(one, expected=False) for one in scan.unexpected] + by_level,
        allowed=[finding(one) for one in known if not one.get("control")],
        missing=[finding(one) for one in scan.missing],
    )


def finding(one: Mapping[str, object], *, expected: bool = True) -> Finding:
    """A result as cells."""
    line = one.get("line")
    return Finding(
        name=_name(one),
        place=_text(one.get("path")) + (f":{line}" if line else ""),
        message=_text(one.get("message")),
        standing=_standing(one) if expected else "declared by nobody",
        expected=expected,
    )


def seen_by(one: Mapping[str, object]) -> dict[str, list[str]]:
    """The scanners that saw a finding, each with its rules."""
    words = one.get("seen_by") or [f"{_text(one.get('scanner'))} {_text(one.get('rule'))}".strip()]
    scanners: dict[str, list[str]] = {}
    for word in words if isinstance(words, Sequence) else ():
        scanner, _, rule = str(word).rpartition(" ")
        scanners.setdefault(scanner, []).append(rule)
    return scanners


def _name(one: Mapping[str, object]) -> str:
    return ", ".join(f"{scanner} {' '.join(rules)}".strip() for scanner, rules in seen_by(one).items())


def _standing(one: Mapping[str, object]) -> str:
    if one.get("control"):
        return f"expected of {_text(one.get('control'))} = {_text(one.get('level'))}"
    return _text(one.get("reason")) or "declared"


def _scanner(one: Mapping[str, object]) -> Scanner:
    tpr, fpr = one.get("tpr"), one.get("fpr")
    return Scanner(
        name=f"{_text(one.get('name'))} {_text(one.get('version'))}".strip(),
        files=_text(one.get("files")),
        skipped=_text(one.get("skipped")) or "0",
        findings=_text(one.get("findings")),
        tpr=_rate(tpr),
        fpr=_rate(fpr),
        youden=f"{tpr - fpr:.2f}" if _is_number(tpr) and _is_number(fpr) else NO_RATE,
    )


def _set_rate(one: Mapping[str, object]) -> SetRate:
    youden = one.get("youden")
    parts = [youden[key] for key in ("value", "low", "high")] if isinstance(youden, Mapping) else []
    return SetRate(
        name=_text(one.get("set")),
        found=f"{_text(one.get('found'))} of {_text(one.get('weak'))}",
        alarmed=f"{_text(one.get('alarmed'))} of {_text(one.get('strong'))}",
        youden="{:+.2f} [{:.2f}, {:.2f}]".format(*parts) if parts else NO_RATE,
    )


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float)


def _rate(rate: object) -> str:
    return f"{rate:.2f}" if _is_number(rate) else NO_RATE


def _text(value: object) -> str:
    """A cell: a list is shown by its length."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return units.count(len(value))
    return units.count(value) if isinstance(value, int) else str(value)


def _title(scan: ScanJudged, expected: int) -> str:
    if scan.unexpected:
        return f"{counted(len(scan.unexpected), 'finding')} declared by nobody"
    if not expected:
        return "no finding that needs a word"
    return f"{counted(expected, 'finding')}, each expected of a weak level"
