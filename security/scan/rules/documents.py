"""The rule on parsers of XML that are told to follow entities."""

from __future__ import annotations

from collections.abc import Iterator

from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import Module, argument, is_false, is_true, keyword, terminal

ENTITIES = Rule(
    "R321", "An XML parser is told to follow entities", "xml_entities", "611", "high", "high",
    "Use defusedxml, or leave resolve_entities, load_dtd and the network off.",
)  # fmt: skip
FEATURES = frozenset({"feature_external_ges", "feature_external_pes"})


def look(module: Module) -> Iterator[Hit]:
    """Parsers and features that are switched on."""
    for call in module.calls:
        name = terminal(call.func)
        switched = (
            is_true(keyword(call, "resolve_entities"))
            or is_true(keyword(call, "load_dtd"))
            or is_true(keyword(call, "huge_tree"))
        )
        if name in {"XMLParser", "iterparse", "ETCompatXMLParser"} and (
            switched or is_false(keyword(call, "no_network"))
        ):
            yield hit(ENTITIES, call)
        elif name == "setFeature" and terminal(argument(call, 0)) in FEATURES:
            value = argument(call, 1)
            if is_true(value) or module.literal(value) == 1:
                yield hit(ENTITIES, call)


FAMILY = Family((ENTITIES,), look)
