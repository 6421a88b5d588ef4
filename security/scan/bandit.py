"""bandit. It leaves out files that its Python cannot parse and still ends with 0, so its list of errors is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from security.scan.findings import Finding, Scanned, Skipped
from security.scan.runner import run_scanner, version_of

NAME = "bandit"


def run_bandit(files: Sequence[str], root: Path) -> Scanned:
    """Scan `files` (relative to `root`). Comments that silence it are ignored: what stands is declared elsewhere."""
    words = ["--format", "json", "--quiet", "--ignore-nosec", *files]
    report = run_scanner(NAME, words, root) if files else {"errors": [], "metrics": {}, "results": []}
    errors = {_relative(error["filename"]): str(error["reason"]) for error in report["errors"]}
    read = {_relative(name) for name in report["metrics"] if name != "_totals"} - errors.keys()
    unread = {name: errors.get(name, "left out without a reason") for name in files if name not in read}
    return Scanned(
        name=NAME,
        version=version_of(NAME),
        files=len(read),
        skipped=tuple(Skipped(name, reason) for name, reason in sorted({**unread, **errors}.items())),
        findings=tuple(_finding(result) for result in report["results"]),
    )


def _finding(result: dict[str, Any]) -> Finding:
    cwe = result.get("issue_cwe", {}).get("id")
    return Finding(
        scanner=NAME,
        rule=result["test_id"],
        path=_relative(result["filename"]),
        line=result["line_number"],
        message=result["issue_text"],
        severity=result["issue_severity"].lower(),
        cwe=str(cwe) if cwe else None,
        confidence=result["issue_confidence"].lower(),
        url=result.get("more_info"),
    )


def _relative(name: str) -> str:
    return Path(name).as_posix().removeprefix("./")
