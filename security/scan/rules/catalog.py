"""All families of rules."""

from __future__ import annotations

from security.scan.rules import (
    access, binding, browser, conduct, documents, errors, keys, limits, passwords, patterns, taint, tokens, transport,
)  # fmt: skip
from security.scan.rules.rule import Rule

FAMILIES = tuple(
    one.FAMILY
    for one in (taint, tokens, keys, passwords, browser, errors, transport, access, binding, limits, patterns, documents, conduct)
)
RULES: dict[str, Rule] = {rule.id: rule for family in FAMILIES for rule in family.rules}
