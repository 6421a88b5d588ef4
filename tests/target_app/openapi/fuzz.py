"""Bodies that nobody sane would send, to every operation that reads one, over a socket.

Everything comes from a seed: the same number sends the same bodies. A third of them begins as the document's schema
asks, with one thing wrong; the rest are JSON of any shape, text that is no JSON, and bytes that are no text.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote

METHODS = ("get", "put", "post", "delete", "patch")

STRINGS = (
    "", " ", "\x00", "a\x00b", "\ud800", "\U0001f600" * 3, "\u202e", "'; DROP TABLE users; --", "<script>", "../" * 9,
    "{{7*7}}", "%00", "\n", "\r\nX-Injected: 1", "null", "NaN", "x" * 255, "x" * 256, "x" * 70_000, "é" * 300,
    "http://127.0.0.1/", "reader0001@example.test", "python", "İ", "ﬀ",
)  # fmt: skip
NUMBERS = (
    0, -1, 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 10**400, 0.1, -0.0, 1e308, float("nan"),
    float("inf"), float("-inf"),
)  # fmt: skip
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [[]], {"": {}}, [None], {"a": [1, {"b": None}]})
CONTENT_TYPES = (
    "application/json", "application/json; charset=utf-16", "text/plain", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "application/yaml", "image/png", "application/xml", "", "\x01",
)  # fmt: skip
#: Deeper than Python's own recursion goes.
DEEP = 20_000


@dataclass(frozen=True)
class Operation:
    """A route that reads a body."""

    method: str
    path: str
    content_types: tuple[str, ...]
    schema: Mapping[str, Any]
    statuses: frozenset[int]

    @property
    def name(self) -> str:
        """Method and path, as the document has them."""
        return f"{self.method} {self.path}"


@dataclass
class Tally:
    """What came back."""

    sent: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    #: What must not be, at most twenty, each with the body's beginning.
    wrong: list[str] = field(default_factory=list)
    wrongs: int = 0

    def blame(self, operation: Operation, body: bytes, what: str) -> None:
        """Note a wrong answer."""
        self.wrongs += 1
        if len(self.wrong) < 20:
            self.wrong.append(f"{operation.name}: {what} to {body[:200]!r}")


def operations(document: Mapping[str, Any]) -> list[Operation]:
    """Every operation of an OpenAPI document that reads a body."""
    return [
        Operation(
            method.upper(),
            path,
            tuple(described["requestBody"]["content"]),
            next(iter(described["requestBody"]["content"].values())).get("schema", {}),
            frozenset(int(status) for status in described["responses"]),
        )
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        if method in METHODS and "requestBody" in described
    ]


class Bodies:
    """Draws bodies."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def body(self, operation: Operation) -> tuple[bytes, str]:
        """A body and what it says it is."""
        dice = self.random
        usual = dice.choice(operation.content_types)
        kind = usual if dice.random() < 0.9 else dice.choice(CONTENT_TYPES)
        ways: tuple[Callable[[], bytes], ...] = (
            lambda: encoded(self.spoilt(self.fitting(operation.schema))),
            lambda: encoded(self.spoilt(self.fitting(operation.schema))),
            lambda: encoded(self.fitting(operation.schema)),
            lambda: encoded(self.anything(3)),
            lambda: self.damaged(encoded(self.fitting(operation.schema))),
            lambda: dice.randbytes(dice.randrange(300)),
            self.monstrous,
        )
        (way,) = dice.choices(ways, weights=(30, 20, 12, 15, 15, 7, 1))
        return way(), kind

    def fitting(self, schema: Mapping[str, Any], depth: int = 0) -> Any:
        """A value that the schema allows, mostly: patterns and lengths are met by luck."""
        dice = self.random
        if "enum" in schema:
            return dice.choice(schema["enum"])
        if "anyOf" in schema:
            return self.fitting(dice.choice(schema["anyOf"]), depth)
        kinds: dict[Any, Callable[[], Any]] = {
            "object": lambda: self.fields(schema, depth),
            "array": lambda: [self.fitting(schema.get("items", {}), depth + 1) for _ in range(dice.randrange(4))],
            "integer": lambda: dice.choice((0, 1, 5, 100, 2**31)),
            "boolean": lambda: dice.random() < 0.5,
            "string": lambda: "".join(dice.choices("abc é-09", k=dice.randrange(1, 30))),
            "null": lambda: None,
        }
        return kinds.get(schema.get("type"), lambda: self.anything(1))()

    def fields(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        """An object with what is required and most of the rest."""
        required = set(schema.get("required", ()))
        return {
            name: self.fitting(part, depth + 1)
            for name, part in schema.get("properties", {}).items()
            if name in required or self.random.random() < 0.7
        }

    def spoilt(self, value: Any) -> Any:
        """The value with one thing wrong somewhere in it."""
        dice = self.random
        if isinstance(value, dict) and value and dice.random() < 0.85:
            name = dice.choice(list(value))
            match dice.randrange(6):
                case 0:
                    return {key: kept for key, kept in value.items() if key != name}
                case 1:
                    return {**value, dice.choice(STRINGS): self.anything(1)}
                case _:
                    return {**value, name: self.spoilt(value[name])}
        if isinstance(value, list) and value and dice.random() < 0.5:
            return [*value[:-1], self.spoilt(value[-1])] * dice.choice((1, 1, 40))
        return self.anything(1)

    def anything(self, depth: int) -> Any:
        """JSON of any shape."""
        dice = self.random
        match dice.randrange(5 if depth else 3):
            case 0:
                return dice.choice(STRINGS)
            case 1:
                return dice.choice(NUMBERS)
            case 2:
                return dice.choice(OTHERS)
            case 3:
                return [self.anything(depth - 1) for _ in range(dice.randrange(4))]
            case _:
                return {dice.choice(STRINGS): self.anything(depth - 1) for _ in range(dice.randrange(4))}

    def damaged(self, body: bytes) -> bytes:
        """A body cut short, doubled, or with a byte changed."""
        dice = self.random
        at = dice.randrange(len(body) + 1)
        match dice.randrange(4):
            case 0:
                return body[:at]
            case 1:
                return body + body
            case 2:
                return b"\xff\xfe" + body
            case _:
                return body[:at] + dice.randbytes(1) + body[at + 1 :]

    def monstrous(self) -> bytes:
        """Deep, or long."""
        opening, closing = self.random.choice(((b"[", b"]"), (b'{"a":', b"}")))
        whole = opening * DEEP + b"1" + closing * DEEP
        return self.random.choice((whole, opening * DEEP, b'{"user":"' + b"y" * 900_000 + b'"}', b"1" * 100_000))


def encoded(value: Any) -> bytes:
    """JSON as Python writes it: NaN, endless integers and lone surrogates included."""
    return json.dumps(value, ensure_ascii=True).encode()


def fuzz(
    host: str,
    port: int,
    document: Mapping[str, Any],
    signed: Callable[[str], str],
    existing: Mapping[str, Any],
    *,
    count: int,
    seed: int,
) -> Tally:
    """Send `count` bodies, spread over all operations, over one connection that must hold."""
    bodies, tally, choices = Bodies(seed), Tally(), operations(document)
    connection = HTTPConnection(host, port, timeout=30)
    for number in range(count):
        operation = choices[number % len(choices)]
        body, kind = bodies.body(operation)
        path = operation.path
        for name in [part.split("}")[0] for part in path.split("{")[1:]]:
            path = path.replace(f"{{{name}}}", quote(str(existing.get(name, 1)), safe=""))
        headers = {"Authorization": f"Token {signed(operation.path)}", "Idempotency-Key": f"fuzz-{seed}-{number}"}
        if kind.isprintable() and kind:
            headers["Content-Type"] = kind
        tally.sent += 1
        try:
            connection.request(operation.method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException) as error:
            tally.blame(operation, body, f"no answer ({type(error).__name__})")
            connection.close()
            continue
        tally.statuses[f"{answer.status}"] += 1
        fault = judged(operation, answer.status, content)
        if fault:
            tally.blame(operation, body, fault)
    connection.close()
    return tally


def judged(operation: Operation, status: int, content: bytes) -> str | None:
    """What is wrong with an answer, if anything."""
    if status >= 500:
        return f"status {status}"
    if status not in operation.statuses:
        return f"undeclared status {status}"
    return None if status < 400 or in_shape(content) else f"status {status} in another shape: {content[:200]!r}"


def in_shape(content: bytes) -> bool:
    """Whether a refusal is `{"errors": {field: [message, …]}}`."""
    try:
        errors = json.loads(content)["errors"]
    except (ValueError, LookupError, TypeError):
        return False
    return isinstance(errors, dict) and all(
        isinstance(said, list) and said and all(isinstance(one, str) for one in said) for said in errors.values()
    )
