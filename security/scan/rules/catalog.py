"""All families of rules."""

from __future__ import annotations

from security.scan.rules import (
    access,
    addresses,
    answers,
    binding,
    browser,
    comparing,
    documents,
    errors,
    keys,
    limits,
    logins,
    messages,
    ownership,
    passwords,
    patterns,
    races,
    taint,
    tokens,
    transport,
    uploads,
)
from security.scan.rules.rule import Rule

FAMILIES = tuple(
    one.FAMILY
    for one in (
        taint,
        tokens,
        keys,
        passwords,
        comparing,
        browser,
        errors,
        transport,
        ownership,
        access,
        binding,
        answers,
        limits,
        patterns,
        documents,
        races,
        addresses,
        uploads,
        messages,
        logins,
    )
)
RULES: dict[str, Rule] = {rule.id: rule for family in FAMILIES for rule in family.rules}
