"""The static scan of a target's code, held against what its levels declare."""

from __future__ import annotations

from security.scan.scan import scan

from tradeoff.measure.progress import Progress
from tradeoff.plan.factors import Catalog
from tradeoff.record.events import Scanned
from tradeoff.target.description import Target


def expected_findings(catalog: Catalog) -> list[dict[str, str]]:
    """Scanner results that weak levels declare."""
    return [
        {"rule": finding.rule, "path": finding.path, "control": factor.name, "level": level.name}
        for factor in catalog.factors
        for level in factor.levels
        for finding in level.static_findings
    ]


def scan_target(target: Target, catalog: Catalog, *, progress: Progress) -> Scanned:
    """Scan the target's paths with every scanner."""
    progress.stage("scanning", 1)
    paths = [target.root / path for path in target.scan.paths]
    result = scan(paths, expected_findings(catalog), root=target.root)
    progress.step("done")
    return Scanned(result=result.as_json())
