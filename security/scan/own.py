"""Our own rules over files: what bandit and ruff cannot see."""

from __future__ import annotations

import ast
import importlib.metadata
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from security.scan.findings import Finding, Scanned, Skipped
from security.scan.rules.catalog import FAMILIES
from security.scan.rules.rule import Hit
from security.scan.rules.source import Module

NAME = "tradeoff-rules"


def run_own(files: Sequence[str], root: Path) -> Scanned:
    """Scan `files` (relative to `root`) with every rule. A file that cannot be parsed is skipped, with the reason."""
    findings: list[Finding] = []
    skipped: list[Skipped] = []
    for name in files:
        try:
            findings += [_finding(one, name) for one in scan_text((root / name).read_text(encoding="utf-8"), name)]
        except (SyntaxError, ValueError) as error:
            skipped.append(Skipped(name, f"{type(error).__name__}: {error}"))
        except RecursionError:
            skipped.append(Skipped(name, "nested too deep to be followed"))
    return Scanned(NAME, importlib.metadata.version("tradeoff"), len(files) - len(skipped), tuple(skipped), tuple(findings))


def scan_text(text: str, path: str) -> list[Hit]:
    """What the rules report in one module's text. Raises SyntaxError or ValueError where it is no Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an odd escape in a stranger's file is not our warning
        module = Module(path, ast.parse(text, path), text)
    return sorted(set(_hits(module)), key=lambda one: (one.line, one.rule.id))


def _hits(module: Module) -> Iterator[Hit]:
    for family in FAMILIES:
        yield from family.look(module)


def _finding(one: Hit, path: str) -> Finding:
    return Finding(
        scanner=NAME,
        rule=one.rule.id,
        path=path,
        line=one.line,
        message=f"{one.message}. {one.rule.help}",
        severity=one.rule.severity,
        cwe=one.rule.cwe,
    )
