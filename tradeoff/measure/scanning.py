"""The static scan of a target's code, held against what its levels declare."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import security.scan
from security.scan.advisories import AdvisoryFile, OsvServer, Source
from security.scan.dependencies import Audit
from security.scan.findings import ScannerError
from security.scan.scan import ScanResult, scan
from tradeoff.measure.progress import Progress
from tradeoff.plan.factors import Catalog
from tradeoff.record.events import Scanned
from tradeoff.target.description import Target
from tradeoff.target.errors import TradeoffError
from tradeoff.target.process import die_with_parent

#: Priority of a scan that runs while something else is measured or attacked.
STANDS_BACK = 10
#: A selection of advisories that comes with the scanners: better than none, and never a proof that there are no others.
SELECTION = Path(security.scan.__file__).with_name("advisories.json")


def expected_findings(catalog: Catalog) -> list[dict[str, str]]:
    """Scanner results that weak levels declare."""
    return [
        {**finding.model_dump(), "control": factor.name, "level": level.name}
        for factor in catalog.factors
        for level in factor.levels
        for finding in level.static_findings
    ]


def rated_levels(catalog: Catalog) -> list[dict[str, Any]]:
    """The weak and strong levels of all controls, as cases and counter-cases for the scanners."""
    return [
        {
            "control": factor.name,
            "level": level.name,
            "weak": level.tag == "weak",
            "findings": [finding.model_dump() for finding in level.static_findings],
        }
        for factor in catalog.factors
        if factor.kind == "control"
        for level in factor.levels
        if level.tag in {"weak", "strong"}
    ]


def audit_of(
    target: Target, locks: Sequence[Path] = (), advisories: Path | None = None, osv_url: str | None = None
) -> Audit | None:
    """What is audited, and against what; what is not given is the target's own. None where no lock is named.

    Raises:
        TradeoffError: a lock is missing or lies elsewhere, or the advisories cannot be read.
    """
    named = [path.resolve() for path in locks] or [target.root / name for name in target.scan.locks]
    _check_paths(target, named, "no lock to audit at")
    if not named:
        return None
    own = target.root / target.scan.advisories if target.scan.advisories else SELECTION
    try:
        source: Source = OsvServer(osv_url) if osv_url else AdvisoryFile(advisories or own)
    except ScannerError as error:
        raise TradeoffError(str(error)) from None
    return Audit(tuple(path.relative_to(target.root).as_posix() for path in named), source)


def scan_paths(target: Target, catalog: Catalog, paths: Sequence[Path] = (), audit: Audit | None = None) -> ScanResult:
    """Scan some paths with every scanner; names in the result are relative to the target's folder.

    Without paths the target's own are scanned, and the scanners rated on its levels and twins.

    Raises:
        TradeoffError: a path is missing or lies elsewhere, or a scanner is missing or broke.
    """
    chosen = [path.resolve() for path in paths]
    _check_paths(target, chosen, "nothing to scan at")
    whole = not chosen
    try:
        return scan(
            chosen or [target.root / path for path in target.scan.paths],
            expected_findings(catalog),
            root=target.root,
            levels=rated_levels(catalog) if whole else (),
            twins=target.scan.twins if whole else (),
            audit=audit,
        )
    except (ScannerError, ValueError) as error:
        raise TradeoffError(f"the static scan can't go on: {error}") from None


def _check_paths(target: Target, paths: Sequence[Path], absence: str) -> None:
    absent = [str(path) for path in paths if not path.exists()]
    if absent:
        raise TradeoffError(f"{absence} {', '.join(absent)}: name files or folders that exist")
    elsewhere = [str(path) for path in paths if not path.is_relative_to(target.root)]
    if elsewhere:
        raise TradeoffError(f"{', '.join(elsewhere)} is not below the target's folder {target.root}")


class ScanBeside:
    """The scan of the target's own paths, in a process of its own: probes that take the time must not wait for it."""

    def __init__(self, target: Target, catalog: Catalog) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._answer, sending = spawning.Pipe(duplex=False)
        self._process = spawning.Process(target=_scan_into, args=(sending, target, catalog), daemon=True)
        self._process.start()
        sending.close()

    def result(self, progress: Progress) -> Scanned:
        """What was found, once it is.

        Raises:
            TradeoffError: a scanner is missing or broke.
        """
        progress.stage("scanning", 1)
        try:
            found = self._answer.recv()
        except EOFError:
            raise TradeoffError("the process that scans the code has ended before it was done") from None
        if isinstance(found, TradeoffError):
            raise found
        progress.step()
        return Scanned(result=found)

    def stop(self) -> None:
        """End it, done or not."""
        self._process.terminate()
        self._process.join()


def _scan_into(answer: Connection, target: Target, catalog: Catalog) -> None:
    die_with_parent()
    os.nice(STANDS_BACK)
    try:
        answer.send(scan_paths(target, catalog, audit=audit_of(target)).as_json())
    except TradeoffError as error:
        answer.send(error)
