"""Findings of several scanners at one place and of one class are one finding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from security.scan.findings import Finding, Scanned, Status, classified
from security.scan.places import Places

#: Whose word and ids a joined finding takes, best first: those that follow data, then those that grade, then the rest.
PREFERRED = ("tradeoff-rules", "tradeoff-secrets", "tradeoff-dependencies", "bandit", "ruff")
GRADES = {"high": 2, "medium": 1, "low": 0}


def join(scanners: Sequence[Scanned], places: Places) -> list[Finding]:
    """All findings, those of one place and class joined; what the data refutes keeps its place with that status."""
    groups: dict[tuple[str, int, str], list[Finding]] = {}
    for finding in (classified(one) for scanner in scanners for one in scanner.findings):
        place = places.place(finding.path, finding.line)
        groups.setdefault((finding.path, place.line, finding.weakness), []).append(
            replace(finding, symbol=place.symbol)
        )
    refuted = {
        (path, places.place(path, line).line, weakness)
        for scanner in scanners
        for path, line, weakness in scanner.refuted
    }
    return [_joined(group, refuted=key in refuted) for key, group in sorted(groups.items())]


def _joined(group: Iterable[Finding], *, refuted: bool) -> Finding:
    found = sorted(group, key=lambda one: (_rank(one), one.line, one.rule))
    first = found[0]
    seen_by = tuple(dict.fromkeys(f"{one.scanner} {one.rule}" for one in found))
    severity = max(
        (one.severity for one in found if one.scanner != "ruff"), key=GRADES.__getitem__, default=first.severity
    )
    whole = replace(first, seen_by=seen_by, severity=severity, line=min(one.line for one in found))
    if refuted and _rank(first) > 0:
        reason = "Following the data shows that every piece is a constant or was checked against a list."
        return replace(whole, status=Status.REFUTED, reason=reason)
    return whole


def _rank(finding: Finding) -> int:
    return PREFERRED.index(finding.scanner) if finding.scanner in PREFERRED else len(PREFERRED)
