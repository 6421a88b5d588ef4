"""One finding of a static scanner, and a name for it that survives the lines above it being moved."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any


class Status(StrEnum):
    """Whether anybody has said beforehand that this finding stands."""

    EXPECTED = "expected"  # a weak level declares it
    DECLARED = "declared"  # the policy gives a reason for it
    UNEXPECTED = "unexpected"


@dataclass(frozen=True)
class Finding:
    """One finding. `path` is relative to the scan's root, `line` counts from 1, `severity` is high, medium or low.

    `control` and `level` name the weak level that declares it, `reason` why it is no defect.
    """

    scanner: str
    rule: str
    path: str
    line: int
    message: str
    severity: str
    cwe: str | None
    url: str | None = None
    fingerprint: str = ""
    status: Status = Status.UNEXPECTED
    control: str | None = None
    level: str | None = None
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The finding as a JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class Skipped:
    """A file that a scanner was given and did not read to its end."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True)
class Scanned:
    """What one scanner did: the number of files that it read, those that it did not, and what it found."""

    name: str
    version: str
    files: int
    skipped: tuple[Skipped, ...]
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """The scanner as a JSON object, its findings counted."""
        return {
            "name": self.name,
            "version": self.version,
            "files": self.files,
            "skipped": [str(one) for one in self.skipped],
            "findings": len(self.findings),
        }


class ScannerError(Exception):
    """A scanner is missing or broke; the message says what to do."""


def with_fingerprints(findings: Iterable[Finding], root: Path) -> Iterator[Finding]:
    """Give each finding a fingerprint of its rule, its file and the text of its line, not of the line's number.

    Equal lines of one file are told apart by their order.
    """
    seen: Counter[str] = Counter()
    read = _line_reader(root)
    for finding in sorted(findings, key=lambda one: (one.path, one.line, one.scanner, one.rule)):
        words = "\n".join((finding.scanner, finding.rule, finding.path, read(finding.path, finding.line)))
        seen[words] += 1
        digest = hashlib.sha256(f"{words}\n{seen[words]}".encode()).hexdigest()
        # Cut below the length at which redaction takes hexadecimal digits for a secret.
        yield replace(finding, fingerprint=digest[:24])


def _line_reader(root: Path) -> Callable[[str, int], str]:
    kept: dict[str, list[str]] = {}

    def read(path: str, line: int) -> str:
        if path not in kept:
            kept[path] = (root / path).read_text(encoding="utf-8", errors="replace").splitlines()
        lines = kept[path]
        return lines[line - 1].strip() if 0 < line <= len(lines) else ""

    return read
