"""Findings as SARIF 2.1.0: what the scanners reported and which attacks succeeded."""

from __future__ import annotations

import json

from security.sarif import build_sarif
from tradeoff.judge.summary import Summary


def render_sarif(summary: Summary) -> str:
    """One SARIF document. Results that a weak level declares are in it, suppressed with that reason."""
    attacks = [outcome.model_dump() | {"arm": arm.arm} for arm in summary.attacked for outcome in arm.outcomes]
    ids = {row.factor: {"owasp": row.owasp, "asvs": row.asvs, "cwe": row.cwe} for row in summary.rows}
    scan = summary.scan.model_dump() if summary.scan else None
    return json.dumps(build_sarif(scan, attacks, ids), indent=1, ensure_ascii=False) + "\n"
