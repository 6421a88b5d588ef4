"""Rules on data that flows from a request to where it does harm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from security.scan.rules.flow import flow_of
from security.scan.rules.rule import Family, Hit
from security.scan.rules.sinks import RULES
from security.scan.rules.source import Module


def look(module: Module) -> Iterator[Hit]:
    """Every sink that data reaches, once for each line."""
    seen: set[tuple[str, int]] = set()
    for report in sorted(
        flow_of(module).judge.reports, key=lambda one: (one.line, one.rule, one.source.kind != "request")
    ):
        if (report.rule, report.line) in seen:
            continue
        seen.add((report.rule, report.line))
        rule = RULES[report.rule]
        if report.source.kind == "caller":
            rule = replace(rule, confidence="low")
        origin = "a request" if report.source.kind == "request" else "a caller"
        yield Hit(rule, report.line, f"{rule.title}: {report.source.name} of {origin}")


FAMILY = Family(tuple(RULES.values()), look)
