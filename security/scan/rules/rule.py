"""What a rule is, and what it reports."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from security.scan.rules.source import Module

Grade = Literal["high", "medium", "low"]


@dataclass(frozen=True)
class Rule:
    """A rule of our own. `weakness` names its class, which gives ASVS and OWASP ids; `cwe` is the rule's own."""

    id: str
    title: str
    weakness: str
    cwe: str
    severity: Grade
    #: How often a finding of this rule is a defect: high almost always, low worth a look.
    confidence: Grade
    help: str


@dataclass(frozen=True)
class Hit:
    """One place that a rule reports."""

    rule: Rule
    line: int
    message: str


@dataclass(frozen=True)
class Family:
    """Rules that are looked for together, and the function that looks."""

    rules: tuple[Rule, ...]
    look: Callable[[Module], Iterator[Hit]]


def hit(rule: Rule, node: ast.AST, detail: str = "") -> Hit:
    """The rule, reported where `node` begins."""
    return Hit(rule, getattr(node, "lineno", 1), f"{rule.title}: {detail}" if detail else rule.title)
