"""All static scanners over the same files, joined and held against what was declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from security.scan.bandit import run_bandit
from security.scan.dependencies import Audit, run_dependencies
from security.scan.expected import Expected, judge, missing, read_expected
from security.scan.findings import Finding, Scanned, Status, with_fingerprints
from security.scan.joining import join
from security.scan.own import run_own
from security.scan.places import Places
from security.scan.policy import policy_for
from security.scan.rating import JOINED, rate_levels, rate_twins, read_twins
from security.scan.ruff import run_ruff
from security.scan.secrets import run_secrets, secret_files

SCANNERS = (run_bandit, run_ruff, run_own)
DEFAULT_PATHS = ("target_app", "loadtests", "security", "tradeoff")
LEVELS = "levels"


@dataclass(frozen=True)
class ScanResult:
    """What the scanners found. `missing` are declared findings that none of them reports.

    `rating` has rows `{set, scanner, class, weak, found, strong, alarmed, tpr, fpr, youden}`, as far as truth is known.
    """

    scanners: tuple[Scanned, ...]
    findings: tuple[Finding, ...]
    missing: tuple[Expected, ...]
    rating: tuple[dict[str, Any], ...] = field(default=())

    @property
    def unexpected(self) -> tuple[Finding, ...]:
        """Findings that nothing declares."""
        return tuple(finding for finding in self.findings if finding.status is Status.UNEXPECTED)

    @property
    def not_looked_up(self) -> list[str]:
        """Dependencies of which nobody knows whether they have flaws."""
        return [one for scanner in self.scanners for one in scanner.unknown]

    @property
    def complete(self) -> bool:
        """Whether every dependency was looked up."""
        return not self.not_looked_up

    @property
    def passed(self) -> bool:
        """Whether nothing failed and nothing was left open."""
        return self.complete and not self.failed

    @property
    def failed(self) -> bool:
        """Whether a file was not read, a finding is declared by nobody, or a declared one was not found."""
        return bool(self.unexpected or self.missing or any(scanner.skipped for scanner in self.scanners))

    def as_json(self) -> dict[str, Any]:
        """The result as a JSON object."""
        return {
            "passed": self.passed,
            "failed": self.failed,
            "complete": self.complete,
            "scanners": [self._rated(scanner) for scanner in self.scanners],
            "findings": [finding.as_json() for finding in self.findings],
            "unexpected": [finding.as_json() for finding in self.unexpected],
            "missing": [one.as_json() for one in self.missing],
            "not_looked_up": self.not_looked_up,
            "joined": pooled(self.rating, JOINED),
            "rating": list(self.rating),
        }

    def _rated(self, scanner: Scanned) -> dict[str, Any]:
        """The scanner with its rates over all sets and classes, where truth is known."""
        return scanner.as_json() | pooled(self.rating, scanner.name)


def pooled(rating: Iterable[Mapping[str, Any]], scanner: str) -> dict[str, float | None]:
    """A scanner's `tpr` and `fpr` over all sets together; None without a case."""
    rows = [row for row in rating if row["scanner"] == scanner and row["class"] is None]
    weak, strong = sum(row["weak"] for row in rows), sum(row["strong"] for row in rows)
    return {
        "tpr": sum(row["found"] for row in rows) / weak if weak else None,
        "fpr": sum(row["alarmed"] for row in rows) / strong if strong else None,
    }


def scan(
    paths: Iterable[Path | str] = DEFAULT_PATHS,
    expected: Iterable[Mapping[str, Any]] = (),
    *,
    root: Path | None = None,
    levels: Sequence[Mapping[str, Any]] = (),
    twins: Sequence[Path | str] = (),
    audit: Audit | None = None,
) -> ScanResult:
    """Scan the files at `paths`; those that are relative are below `root` (default: the current folder).

    `expected` are the findings that weak levels declare: `{rule, path, control, level}` and perhaps `symbol`, `path`
    relative to `root`. `levels` (see `rate_levels`) and `twins`, folders of pairs, are cases on which the scanners are
    rated. `audit` names locks and a source of advisories.

    Raises:
        ScannerError: a scanner is missing or broke, or its data cannot be read.
        FileNotFoundError: a path is not there.
        ValueError: a path is not below `root`, or a folder of twins is not whole.
    """
    base = (root or Path.cwd()).resolve()
    roots = [(base / path).resolve(strict=True) for path in paths]
    files = sorted({file.relative_to(base).as_posix() for path in roots for file in _python_files(path)})
    texts = sorted({file.relative_to(base).as_posix() for file in secret_files(roots)})
    places = Places(base)
    scanners = [*_scanned(files, texts, base), *([run_dependencies(audit, base)] if audit else [])]
    declared = read_expected(expected)
    found = with_fingerprints(join(scanners, places), places)
    findings = judge(found, declared, policy_for(base))
    names = [scanner.name for scanner in scanners]
    rating = [{"set": LEVELS, **row} for row in rate_levels(levels, findings, names)] if levels else []
    rating += [row for folder in twins for row in rate_folder(base / folder, base)]
    audited = {*files, *texts, *(audit.locks if audit else ())}
    return ScanResult(tuple(scanners), tuple(findings), tuple(missing(findings, declared, audited)), tuple(rating))


def rate_folder(folder: Path, base: Path) -> list[dict[str, Any]]:
    """Scan a folder of twins, and rate each scanner and all joined on it. The set is named by the folder."""
    twins = read_twins(folder.resolve(strict=True), base)
    files = sorted(path for twin in twins for path in (twin.weak, twin.strong))
    scanners = _scanned([name for name in files if name.endswith(".py")], files, base)
    places = Places(base)
    rows = rate_twins(twins, join(scanners, places), [scanner.name for scanner in scanners])
    return [{"set": folder.name, **row} for row in rows]


def _scanned(files: Sequence[str], texts: Sequence[str], base: Path) -> list[Scanned]:
    return [*(run(files, base) for run in SCANNERS), run_secrets(texts, base)]


def _python_files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for file in path.rglob("*.py"):
        # Environments and caches live in hidden folders; nothing else is left out, tests and migrations included.
        if not any(part.startswith(".") for part in file.relative_to(path).parts):
            yield file
