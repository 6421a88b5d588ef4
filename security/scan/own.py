"""Our own rules over files: what bandit and ruff cannot see."""

from __future__ import annotations

import ast
import importlib.metadata
import warnings
from collections.abc import Sequence
from pathlib import Path

from security.scan.findings import Finding, Scanned, Skipped
from security.scan.rules.catalog import FAMILIES
from security.scan.rules.flow import flow_of
from security.scan.rules.rule import Hit
from security.scan.rules.source import Module

NAME = "tradeoff-rules"


def run_own(files: Sequence[str], root: Path) -> Scanned:
    """Scan `files` (relative to `root`) with every rule. A file that cannot be parsed is skipped, with the reason."""
    findings: list[Finding] = []
    refuted: set[tuple[str, int, str]] = set()
    skipped: list[Skipped] = []
    for name in files:
        try:
            module = read_module((root / name).read_text(encoding="utf-8"), name)
            findings += [_finding(one, name) for one in hits(module)]
            refuted |= {
                (name, line, "sql_injection") for line, harmless in flow_of(module).judge.sql_texts.items() if harmless
            }
        except (SyntaxError, ValueError) as error:
            skipped.append(Skipped(name, f"{type(error).__name__}: {error}"))
        except RecursionError:
            skipped.append(Skipped(name, "nested too deep to be followed"))
    return Scanned(
        NAME,
        importlib.metadata.version("tradeoff"),
        len(files) - len(skipped),
        tuple(skipped),
        tuple(findings),
        frozenset(refuted),
    )


def read_module(text: str, path: str) -> Module:
    """One parsed module. Raises SyntaxError or ValueError where it is no Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an odd escape in a stranger's file is not our warning
        return Module(path, ast.parse(text, path), text)


def hits(module: Module) -> list[Hit]:
    """What all rules report in a module, in order."""
    found = {one for family in FAMILIES for one in family.look(module)}
    return sorted(found, key=lambda one: (one.line, one.rule.id))


def _finding(one: Hit, path: str) -> Finding:
    return Finding(
        scanner=NAME,
        rule=one.rule.id,
        path=path,
        line=one.line,
        message=f"{one.message}. {one.rule.help}",
        severity=one.rule.severity,
        cwe=one.rule.cwe,
        confidence=one.rule.confidence,
        weakness=one.rule.weakness,
    )
