"""The static scan of a target's code, held against what its levels declare."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from security.scan.findings import ScannerError
from security.scan.scan import ScanResult, scan
from tradeoff.measure.progress import Progress
from tradeoff.plan.factors import Catalog
from tradeoff.record.events import Scanned
from tradeoff.target.description import Target
from tradeoff.target.errors import TradeoffError


def expected_findings(catalog: Catalog) -> list[dict[str, str]]:
    """Scanner results that weak levels declare."""
    return [
        {"rule": finding.rule, "path": finding.path, "control": factor.name, "level": level.name}
        for factor in catalog.factors
        for level in factor.levels
        for finding in level.static_findings
    ]


def scan_paths(target: Target, catalog: Catalog, paths: Sequence[Path]) -> ScanResult:
    """Scan some paths with every scanner; names in the result are relative to the target's folder.

    Raises:
        TradeoffError: a path is missing or lies elsewhere, or a scanner is missing or broke.
    """
    chosen = [path.resolve() for path in paths]
    absent = [str(path) for path in chosen if not path.exists()]
    if absent:
        raise TradeoffError(f"nothing to scan at {', '.join(absent)}: name files or folders that exist")
    elsewhere = [str(path) for path in chosen if not path.is_relative_to(target.root)]
    if elsewhere:
        raise TradeoffError(f"{', '.join(elsewhere)} is not below the target's folder {target.root}")
    try:
        return scan(chosen, expected_findings(catalog), root=target.root)
    except ScannerError as error:
        raise TradeoffError(f"the static scan can't go on: {error}") from None


def scan_target(target: Target, catalog: Catalog, *, progress: Progress) -> Scanned:
    """Scan the target's own paths."""
    progress.stage("scanning", 1)
    result = scan_paths(target, catalog, [target.root / path for path in target.scan.paths])
    progress.step()
    return Scanned(result=result.as_json())
