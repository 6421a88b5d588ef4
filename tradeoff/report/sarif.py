"""Findings as SARIF 2.1.0: what the scanners reported and which attacks succeeded."""

from __future__ import annotations

import json

from security.sarif import build_sarif
from tradeoff.judge.summary import AttackedUnder, AttackOutcome, Summary


def _under(attacked: AttackedUnder, outcome: AttackOutcome, summary: Summary) -> dict[str, object]:
    """An outcome under conditions; one that opens there says so."""
    opens = (attacked.arm, attacked.conditions, outcome.probe)
    said = [f"{one.sentence}." for one in summary.openings if (one.arm, one.opens, one.probe) == opens]
    arm = f"{attacked.arm} at {attacked.conditions.label}"
    return outcome.model_dump() | {"arm": arm, "evidence": " ".join([*said, outcome.evidence])}


def render_sarif(summary: Summary) -> str:
    """One SARIF document. Results that a weak level declares are in it, suppressed with that reason."""
    attacks = [outcome.model_dump() | {"arm": arm.arm} for arm in summary.attacked for outcome in arm.outcomes]
    attacks += [_under(one, outcome, summary) for one in summary.under for outcome in one.outcomes]
    ids = {row.factor: {"owasp": row.owasp, "asvs": row.asvs, "cwe": row.cwe} for row in summary.rows}
    scan = summary.scan.model_dump() if summary.scan else None
    return json.dumps(build_sarif(scan, attacks, ids), indent=1, ensure_ascii=False) + "\n"
