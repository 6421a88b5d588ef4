"""Schemas as one plain object each: references followed, `allOf` merged, the first real choice of a union taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

MAX_DEPTH = 8


class Schemas:
    """The schemas of one document. Recursive ones are cut at `MAX_DEPTH` references."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw

    def resolved(self, node: Any) -> Any:
        """`node`, or what its reference leads to inside the document; an empty object where it leads elsewhere."""
        for _ in range(MAX_DEPTH):
            if not isinstance(node, Mapping) or not isinstance(node.get("$ref"), str):
                return node
            node = self._at(node["$ref"])
        return {}

    def _at(self, reference: str) -> Any:
        if not reference.startswith("#/"):
            return {}
        found: Any = self._raw
        for key in reference.removeprefix("#/").split("/"):
            name = unquote(key).replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or name not in found:
                return {}
            found = found[name]
        return found

    def flat(self, node: Any, depth: int = 0) -> dict[str, Any]:
        """The schema with everything merged into one object; its properties and items are not flattened yet."""
        node = self.resolved(node)
        if not isinstance(node, Mapping) or depth > MAX_DEPTH:
            return {}
        merged: dict[str, Any] = {key: one for key, one in node.items() if key not in ("allOf", "oneOf", "anyOf")}
        for part in _list(node.get("allOf")):
            _merge(merged, self.flat(part, depth + 1))
        choices = [self.flat(one, depth + 1) for one in (*_list(node.get("oneOf")), *_list(node.get("anyOf")))]
        real = next((one for one in choices if one and one.get("type") != "null"), None)
        if real:
            _merge(merged, real)
        if isinstance(merged.get("type"), list):
            merged["type"] = next((one for one in merged["type"] if one != "null"), "null")
        if "type" not in merged and isinstance(merged.get("properties"), Mapping):
            merged["type"] = "object"
        return merged

    def properties(self, schema: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """The properties of a flat schema, flat too."""
        written = schema.get("properties")
        return {str(name): self.flat(one) for name, one in written.items()} if isinstance(written, Mapping) else {}

    def named(self, node: Any, depth: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
        """All named properties in a schema, however deep, with their flat schemas."""
        schema = self.flat(node)
        if depth > MAX_DEPTH:
            return
        for name, one in self.properties(schema).items():
            yield name, one
            yield from self.named(one, depth + 1)
        if "items" in schema:
            yield from self.named(schema["items"], depth + 1)


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if key == "properties" and isinstance(value, Mapping):
            into["properties"] = {**value, **(into.get("properties") or {})}
        elif key == "required" and isinstance(value, list):
            into["required"] = [*(into.get("required") or []), *value]
        else:
            into.setdefault(key, value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
