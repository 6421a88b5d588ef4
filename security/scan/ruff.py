"""ruff's S rules, which are bandit's under other numbers (S324 is B324) and read many files in little time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from security.scan.findings import Finding, Scanned, Skipped
from security.scan.runner import run_scanner, version_of

NAME = "ruff"
SECURITY_PREFIX = "S"


def run_ruff(files: Sequence[str], root: Path) -> Scanned:
    """Scan `files` (relative to `root`), with none of the project's own settings and no silencing comment honoured."""
    words = [
        "check",
        "--select",
        SECURITY_PREFIX,
        "--isolated",
        "--ignore-noqa",
        "--no-cache",
        "--output-format",
        "json",
    ]
    results: list[dict[str, Any]] = run_scanner(NAME, [*words, *files], root) if files else []
    found = [result for result in results if str(result["code"]).startswith(SECURITY_PREFIX)]
    # Whatever else it reports (invalid syntax, unreadable file) means that the rules did not see the whole file.
    unread = {_relative(result, root): result["message"] for result in reversed(results) if result not in found}
    return Scanned(
        name=NAME,
        version=version_of(NAME),
        files=len(set(files) - unread.keys()),
        skipped=tuple(Skipped(name, reason) for name, reason in sorted(unread.items())),
        findings=tuple(_finding(result, root) for result in found),
    )


def _finding(result: dict[str, Any], root: Path) -> Finding:
    return Finding(
        scanner=NAME,
        rule=result["code"],
        path=_relative(result, root),
        line=result["location"]["row"],
        message=result["message"],
        severity="medium",  # ruff grades nothing
        cwe=None,
        url=result["url"],
    )


def _relative(result: dict[str, Any], root: Path) -> str:
    return Path(result["filename"]).relative_to(root).as_posix()
