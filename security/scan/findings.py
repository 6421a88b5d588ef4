"""One finding, which several scanners may have seen, and a name for it that survives the lines above it being moved."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from security.scan.places import Places
from security.scan.weakness import Weakness, class_of_number, weaknesses


class Status(StrEnum):
    """Whether anybody has said beforehand that this finding stands."""

    EXPECTED = "expected"  # a weak level declares it
    DECLARED = "declared"  # the policy gives a reason for it
    REFUTED = "refuted"  # a pattern's guess, which following the data has shown to be wrong
    UNEXPECTED = "unexpected"


@dataclass(frozen=True)
class Finding:
    """One finding. `path` is relative to the scan's root, `line` counts from 1, `severity` is high, medium or low.

    `weakness` is its class, `symbol` the function or class that it stands in, `seen_by` every scanner's word for it
    (`bandit B608`). `control` and `level` name the weak level that declares it, `reason` why it is no defect.
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
    #: How often a finding of this rule is a defect: high, medium or low.
    confidence: str = "medium"
    weakness: str = ""
    symbol: str = ""
    seen_by: tuple[str, ...] = ()
    asvs: tuple[str, ...] = ()
    owasp: tuple[str, ...] = ()

    @property
    def rules(self) -> set[str]:
        """The rules of all scanners that saw it."""
        return {self.rule, *(one.rpartition(" ")[2] for one in self.seen_by)}

    @property
    def scanners(self) -> set[str]:
        """The names of all scanners that saw it."""
        return {self.scanner, *(one.partition(" ")[0] for one in self.seen_by)}

    def as_json(self) -> dict[str, Any]:
        """The finding as a JSON object."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


@dataclass(frozen=True)
class Skipped:
    """A file that a scanner was given and did not read to its end."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True)
class Scanned:
    """What one scanner did: the number of files that it read, those that it did not, and what it found.

    `refuted` are places (path, line, class) where it followed the data and found all of it constant or checked.
    `notes` are sentences for the reader, such as how old its data is.
    """

    name: str
    version: str
    files: int
    skipped: tuple[Skipped, ...]
    findings: tuple[Finding, ...]
    refuted: frozenset[tuple[str, int, str]] = frozenset()
    notes: tuple[str, ...] = ()
    #: What it was asked and could not say, with the reason.
    unknown: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The scanner as a JSON object, its findings counted."""
        return {
            "name": self.name,
            "version": self.version,
            "files": self.files,
            "skipped": [str(one) for one in self.skipped],
            "findings": len(self.findings),
            "notes": list(self.notes),
            "unknown": list(self.unknown),
        }


class ScannerError(Exception):
    """A scanner is missing or broke; the message says what to do."""


def classified(finding: Finding) -> Finding:
    """The finding with its class, and the ids of that class where the scanner gives none of its own."""
    name = finding.weakness or class_of_number(finding.rule) or finding.rule
    known = weaknesses().get(name, Weakness(name, name, (), (), (), ()))
    cwe = finding.cwe or (known.cwe[0] if known.cwe else None)
    return replace(finding, weakness=name, cwe=cwe, asvs=known.asvs, owasp=known.owasp)


def with_fingerprints(findings: Iterable[Finding], places: Places) -> Iterator[Finding]:
    """Give each finding a fingerprint of its class, its file, what it stands in, and the text of its statement.

    No line number and no scanner's name is in it. Equal statements in one place are told apart by their order.
    """
    seen: Counter[str] = Counter()
    for finding in sorted(findings, key=lambda one: (one.path, one.line, one.weakness)):
        text = places.place(finding.path, finding.line).text
        words = "\n".join((finding.weakness, finding.path, finding.symbol, text))
        seen[words] += 1
        digest = hashlib.sha256(f"{words}\n{seen[words]}".encode()).hexdigest()
        # Cut below the length at which redaction takes hexadecimal digits for a secret.
        yield replace(finding, fingerprint=digest[:24])
