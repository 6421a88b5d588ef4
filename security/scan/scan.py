"""All static scanners over the same files, joined and held against what was declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from security.scan.bandit import run_bandit
from security.scan.expected import Expected, judge, missing, read_expected
from security.scan.findings import Finding, Scanned, Status, with_fingerprints
from security.scan.policy import policy_for
from security.scan.ruff import run_ruff

SCANNERS = (run_bandit, run_ruff)
DEFAULT_PATHS = ("target_app", "loadtests", "security", "tradeoff")


@dataclass(frozen=True)
class ScanResult:
    """What the scanners found. `missing` are declared findings that none of them reports."""

    scanners: tuple[Scanned, ...]
    findings: tuple[Finding, ...]
    missing: tuple[Expected, ...]

    @property
    def unexpected(self) -> tuple[Finding, ...]:
        """Findings that nothing declares."""
        return tuple(finding for finding in self.findings if finding.status is Status.UNEXPECTED)

    @property
    def passed(self) -> bool:
        """Whether every file was read, every finding declared, and every declared finding found."""
        return not (self.unexpected or self.missing or any(scanner.skipped for scanner in self.scanners))

    def as_json(self) -> dict[str, Any]:
        """The result as a JSON object."""
        return {
            "passed": self.passed,
            "scanners": [scanner.as_json() for scanner in self.scanners],
            "findings": [finding.as_json() for finding in self.findings],
            "unexpected": [finding.as_json() for finding in self.unexpected],
            "missing": [one.as_json() for one in self.missing],
        }


def scan(
    paths: Iterable[Path | str] = DEFAULT_PATHS, expected: Iterable[Mapping[str, str]] = (), *, root: Path | None = None
) -> ScanResult:
    """Scan the Python files at `paths`; those that are relative are below `root` (default: the current folder).

    `expected` are the findings that weak levels declare: `{rule, path, control, level}`, `path` relative to `root`.

    Raises:
        ScannerError: a scanner is missing or broke.
        FileNotFoundError: a path is not there.
        ValueError: a path is not below `root`.
    """
    base = (root or Path.cwd()).resolve()
    files = sorted({file.relative_to(base).as_posix() for path in paths for file in _python_files(base / path)})
    scanners = tuple(run(files, base) for run in SCANNERS)
    declared = read_expected(expected)
    found = with_fingerprints((finding for scanner in scanners for finding in scanner.findings), base)
    findings = judge(found, declared, policy_for(base))
    return ScanResult(scanners, tuple(findings), tuple(missing(findings, declared, set(files))))


def _python_files(path: Path) -> Iterator[Path]:
    path = path.resolve(strict=True)
    if path.is_file():
        yield path
        return
    for file in path.rglob("*.py"):
        # Environments and caches live in hidden folders; nothing else is left out, tests and migrations included.
        if not any(part.startswith(".") for part in file.relative_to(path).parts):
            yield file
