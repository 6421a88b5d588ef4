"""Locked dependencies held against published flaws. What could not be looked up is said, and is never a pass."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from security.scan.advisories import Advisory, NotLookedUpError, Source
from security.scan.findings import Finding, Scanned, Skipped

NAME = "tradeoff-dependencies"
FLAWED, UNHASHED = "D501", "D502"
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)")
OPTION = re.compile(r"^(#|--|-[a-z]\b|\s*$)")


@dataclass(frozen=True)
class Locked:
    """One package of a lock, with the line on which it stands."""

    name: str
    version: str
    line: int
    hashed: bool


@dataclass(frozen=True)
class Audit:
    """What is audited, and against what."""

    locks: tuple[str, ...]
    source: Source


def run_dependencies(audit: Audit, root: Path) -> Scanned:
    """Audit each lock. `files` counts locks; each package that could not be looked up is unknown, with the reason."""
    findings: list[Finding] = []
    unknown: list[str] = []
    skipped: list[Skipped] = []
    for name in audit.locks:
        text = (root / name).read_text(encoding="utf-8")
        packages, unread = read_lock(text)
        skipped += [Skipped(name, f"line {line} is no pinned package: {words}") for line, words in unread]
        for package in packages:
            if not package.hashed:
                findings.append(_unhashed(name, package))
            try:
                found = audit.source.look_up(package.name, package.version)
                findings += [_flawed(name, package, one) for one in found]
            except NotLookedUpError as error:
                unknown.append(f"{package.name} {package.version} of {name} was not looked up: {error}")
    version = importlib.metadata.version("tradeoff")
    return Scanned(
        NAME,
        version,
        len(audit.locks),
        tuple(skipped),
        tuple(findings),
        notes=audit.source.notes,
        unknown=tuple(unknown),
    )


def read_lock(text: str) -> tuple[list[Locked], list[tuple[int, str]]]:
    """The pinned packages of a requirements file, and the lines that are none."""
    packages: list[Locked] = []
    unread: list[tuple[int, str]] = []
    for line, logical in _logical_lines(text):
        found = PINNED.match(logical)
        if found:
            packages.append(Locked(found["name"], found["version"], line, "--hash=" in logical))
        elif not OPTION.match(logical):
            unread.append((line, logical.strip()[:60]))
    return packages, unread


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with those that a backslash continues."""
    held, first = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        if not held:
            first = number
        held += line.removesuffix("\\")
        if not line.endswith("\\"):
            yield first, held
            held = ""
    if held:
        yield first, held


def _flawed(path: str, package: Locked, found: Advisory) -> Finding:
    names = ", ".join((found.id, *found.aliases))
    mended = f" Mended in {found.fixed}." if found.fixed else ""
    return Finding(
        scanner=NAME,
        rule=FLAWED,
        path=path,
        line=package.line,
        message=f"{package.name} {package.version}: {names}. {found.summary}.{mended}",
        severity="high",
        cwe="1395",
        url=f"https://osv.dev/vulnerability/{found.id}",
        confidence="high",
        weakness="vulnerable_dependency",
    )


def _unhashed(path: str, package: Locked) -> Finding:
    return Finding(
        scanner=NAME,
        rule=UNHASHED,
        path=path,
        line=package.line,
        message=f"{package.name} {package.version} has no hash: whoever serves it chooses what is installed.",
        severity="medium",
        cwe="494",
        confidence="high",
        weakness="unverified_dependency",
    )
