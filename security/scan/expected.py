"""Holds findings against what weak levels declare and what the policy allows; whatever is left is unexpected."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from security.scan.findings import Finding, Status
from security.scan.policy import Allowance

# ruff's S rules carry bandit's numbers: S608 beside a declared B608 in the same file says nothing new.
_NUMBER = re.compile(r"[BS](\d{3})")


@dataclass(frozen=True)
class Expected:
    """A finding that a weak level declares: it must be reported, in this file, under this rule.

    With a `symbol` it covers findings in that function or class alone, so that a strong level beside the weak one in
    the same file is not covered too.
    """

    rule: str
    path: str
    control: str
    level: str
    symbol: str = ""

    def as_json(self) -> dict[str, str]:
        """The declaration as a JSON object."""
        parts = {"rule": self.rule, "path": self.path, "control": self.control, "level": self.level}
        return parts | ({"symbol": self.symbol} if self.symbol else {})

    def covers(self, finding: Finding) -> bool:
        """Whether this finding is the declared one, whichever scanner reported it."""
        return self._is_here(finding) and _family(self.rule) in {_family(rule) for rule in finding.rules}

    def is_reported_by(self, findings: Iterable[Finding]) -> bool:
        """Whether any finding carries the declared rule itself."""
        return any(self.rule in finding.rules and self._is_here(finding) for finding in findings)

    def _is_here(self, finding: Finding) -> bool:
        inside = f"{finding.symbol}.".startswith(f"{self.symbol}.") if self.symbol else True
        return self.path == finding.path and inside


def read_expected(declared: Iterable[Mapping[str, str]]) -> list[Expected]:
    """Declared findings from their JSON objects; KeyError where one lacks a part."""
    return [
        Expected(one["rule"], one["path"], one["control"], one["level"], one.get("symbol") or "") for one in declared
    ]


def judge(findings: Iterable[Finding], expected: Sequence[Expected], policy: Sequence[Allowance]) -> list[Finding]:
    """Give every finding its status, and the control and level, or the reason, that goes with it."""
    return [_judge(finding, expected, policy) for finding in findings]


def missing(findings: Sequence[Finding], expected: Sequence[Expected], scanned: Collection[str]) -> list[Expected]:
    """Declared findings in scanned files that no scanner reports: the declaration, or a scanner, is wrong."""
    return [one for one in expected if one.path in scanned and not one.is_reported_by(findings)]


def _judge(finding: Finding, expected: Sequence[Expected], policy: Sequence[Allowance]) -> Finding:
    for one in expected:
        if one.covers(finding):
            reason = f"Declared by the weak level {one.control}={one.level}."
            return replace(finding, status=Status.EXPECTED, control=one.control, level=one.level, reason=reason)
    rows = [allowance for allowance in policy if allowance.covers(finding)]
    # Several rows may each allow a part of what scanners saw at one place; a rule that none allows is left over.
    if rows and finding.rules <= {rule for row in rows for rule in row.rules}:
        return replace(finding, status=Status.DECLARED, reason=" ".join(row.reason for row in rows))
    return finding


def _family(rule: str) -> str:
    found = _NUMBER.fullmatch(rule)
    return found[1] if found else rule
