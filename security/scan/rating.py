"""How well scanners tell weak code from its repaired twin: TPR, FPR and the Youden index, with intervals.

A case is a pair of files that differ in one weakness. A scanner is right about the weak file if it reports a finding
of the pair's class in it (others count for nothing), and wrong about the strong file if it reports one there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from security.scan.findings import Finding, Status
from security.share import wilson

JOINED = "joined"
#: Weak and strong twins are files of these names, in a folder `CLASS/VARIATION`.
WEAK, STRONG = "weak", "strong"


@dataclass(frozen=True)
class Twin:
    """A weak file and its repaired twin; paths are relative to the scan's root."""

    weakness: str
    variation: str
    weak: str
    strong: str


@dataclass(frozen=True)
class Count:
    """Of `weak` cases `found` were found; of `strong` counter-cases `alarmed` raised an alarm."""

    weak: int = 0
    found: int = 0
    strong: int = 0
    alarmed: int = 0

    def plus(self, *, found: bool, alarmed: bool) -> Count:
        """With one more pair."""
        return Count(self.weak + 1, self.found + found, self.strong + 1, self.alarmed + alarmed)

    def as_json(self) -> dict[str, Any]:
        """Counts and rates, each rate with its interval; without a case a rate is None."""
        tpr, fpr = rate(self.found, self.weak), rate(self.alarmed, self.strong)
        counts = {"weak": self.weak, "found": self.found, "strong": self.strong, "alarmed": self.alarmed}
        return counts | {"tpr": tpr, "fpr": fpr, "youden": difference(tpr, fpr)}


def rate(successes: int, trials: int) -> dict[str, float] | None:
    """A share with Wilson's 95 % interval (Wilson 1927)."""
    if not trials:
        return None
    share = wilson(successes, trials)
    return {"value": share.share, "low": share.low, "high": share.high}


def difference(tpr: Mapping[str, float] | None, fpr: Mapping[str, float] | None) -> dict[str, float] | None:
    """TPR − FPR with Newcombe's interval out of two of Wilson's (Newcombe 1998, method 10)."""
    if tpr is None or fpr is None:
        return None
    value = tpr["value"] - fpr["value"]
    below = math.hypot(tpr["value"] - tpr["low"], fpr["high"] - fpr["value"])
    above = math.hypot(tpr["high"] - tpr["value"], fpr["value"] - fpr["low"])
    return {"value": value, "low": max(-1.0, value - below), "high": min(1.0, value + above)}


def read_twins(folder: Path, root: Path) -> list[Twin]:
    """All pairs in `folder`. Raises ValueError where a folder of a variation has no weak or no strong file."""
    twins = []
    for variation in sorted(path for path in folder.glob("*/*") if path.is_dir() and path.name != "__pycache__"):
        files = {file.stem: file.relative_to(root).as_posix() for file in variation.iterdir() if file.is_file()}
        if files.keys() != {WEAK, STRONG}:
            raise ValueError(f"{variation} needs a weak and a strong file and nothing else")
        twins.append(Twin(variation.parent.name, variation.name, files[WEAK], files[STRONG]))
    return twins


Reports = Callable[[str, str, str], bool]


def rate_twins(twins: Sequence[Twin], findings: Iterable[Finding], names: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each scanner (`joined` is one) and class, and for each over all classes (`class` None)."""
    seen = {
        (name, finding.path, finding.weakness)
        for finding in findings
        for name in (*finding.scanners, *((JOINED,) if finding.status is not Status.REFUTED else ()))
    }
    rows = []
    for name in (*names, JOINED):
        counts: dict[str | None, Count] = {}
        for twin in twins:
            found, alarmed = ((name, path, twin.weakness) in seen for path in (twin.weak, twin.strong))
            for key in (None, twin.weakness):
                counts[key] = counts.get(key, Count()).plus(found=found, alarmed=alarmed)
        rows += [{"scanner": name, "class": key, **count.as_json()} for key, count in counts.items()]
    return rows


def rate_levels(
    levels: Sequence[Mapping[str, Any]], findings: Sequence[Finding], names: Sequence[str]
) -> list[dict[str, Any]]:
    """A row for each scanner over a target's own levels: `{control, level, weak, findings}`.

    A weak level is found where a finding that it declares is reported by the scanner. A control's strong levels raise
    an alarm where the scanner reports, in a file in which its weak levels declare findings, one that no level declares.
    """
    rows = []
    for name in (*names, JOINED):
        weak = [one for one in levels if one["weak"]]
        strong = [one for one in levels if not one["weak"]]
        found = sum(_is_found(one, name, findings) for one in weak)
        alarmed = sum(_is_alarmed(one, name, findings, weak) for one in strong)
        count = Count(len(weak), found, len(strong), alarmed)
        rows.append({"scanner": name, "class": None, **count.as_json()})
    return rows


def _saw(finding: Finding, name: str) -> bool:
    return finding.status is not Status.REFUTED if name == JOINED else name in finding.scanners


def _is_found(level: Mapping[str, Any], name: str, findings: Sequence[Finding]) -> bool:
    return any(
        one["path"] == finding.path and one["rule"] in _rules_of(finding, name) and _inside(one, finding)
        for one in level["findings"]
        for finding in findings
    )


def _inside(declared: Mapping[str, Any], finding: Finding) -> bool:
    symbol = declared.get("symbol") or ""
    return not symbol or f"{finding.symbol}.".startswith(f"{symbol}.")


def _rules_of(finding: Finding, name: str) -> set[str]:
    if name == JOINED:
        return finding.rules
    return {one.rpartition(" ")[2] for one in finding.seen_by if one.startswith(f"{name} ")}


def _is_alarmed(
    level: Mapping[str, Any], name: str, findings: Sequence[Finding], weak: Sequence[Mapping[str, Any]]
) -> bool:
    paths = {one["path"] for other in weak if other["control"] == level["control"] for one in other["findings"]}
    return any(
        finding.path in paths and finding.status is Status.UNEXPECTED and _saw(finding, name) for finding in findings
    )
