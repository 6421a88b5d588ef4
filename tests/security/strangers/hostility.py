"""Requests that nobody sane would send, to every operation of a document."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx

from tests.security.strangers.document import Document

BODIES: Final = (b"", b"{", b"null", b"[]", b"[" * 9000, b"\xff\xfe", b'{"a": ' + b"x" * 100_000)
VALUES: Final[tuple[Any, ...]] = (None, -1, 2**70, "", "a\x00b", "\ud800", "x" * 5000, [{}], {"$ne": ""})
SEGMENTS: Final = ("99999999999999999999", "%00", "%ff", "'", "%")
PLAIN: Final = {"string": "abcdefghij", "integer": 1, "boolean": True, "object": {}}
JSON: Final = {"Content-Type": "application/json"}
FORMATS: Final = {"date": "2031-05-04", "email": "a@mail.test", "uri": "http://127.0.0.1:1/"}


def failures(client: httpx.Client, document: Document, values: Mapping[str, str]) -> list[str]:
    """The requests that were answered with 500 or more; `values` fill the templates of operations that read a body."""
    return [
        f"{method} {path} {content[:80]!r}"
        for method, path, content in _requests(document, values)
        if client.request(method, path, content=content, headers=JSON if content else None).status_code >= 500
    ]


def _requests(document: Document, values: Mapping[str, str]) -> Iterator[tuple[str, str, bytes]]:
    for operation, described in document.operations.items():
        method, _, template = operation.partition(" ")
        for segment in SEGMENTS if "{" in template else ():
            yield method, template.format_map(dict.fromkeys(values, segment)), b""
        for parameter in described.get("parameters", ()):
            if parameter["in"] == "query":
                yield from ((method, f"{template}?{parameter['name']}={segment}", b"") for segment in SEGMENTS)
        if "requestBody" in described:
            path = template.format_map(values)
            yield from ((method, path, body) for body in _bodies(document, described))


def _bodies(document: Document, described: dict[str, Any]) -> Iterator[bytes]:
    schema = document.body_schema(described)
    good = {name: _plain(field) for name, field in schema["properties"].items()}
    yield from BODIES
    for name in good:
        yield from (json.dumps(good | {name: value}).encode() for value in VALUES)


def _plain(field: dict[str, Any]) -> Any:
    if "example" in field:
        return field["example"]
    return FORMATS.get(field.get("format", ""), field.get("enum", [PLAIN[field["type"]]])[0])
