"""Invents values that a backend is likely to take: by the property's name, within what its schema allows.

Free text carries the run's nonce and a mark, so that it is known again wherever it turns up.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from security.stranger.operation import Body, words_of
from security.stranger.schema import MAX_DEPTH, Schemas

DAYS_AHEAD = 30


@dataclass(frozen=True)
class Persona:
    """Who writes: facts by the names that properties have for them."""

    username: str
    email: str
    password: str


Known = Callable[[str], Any]


@dataclass(frozen=True)
class Wanted:
    """A property that needs a value: its name in words, its schema, who writes, and the mark for free text."""

    words: str
    schema: Mapping[str, Any]
    persona: Persona
    mark: str


def _day(days: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)


def _days(words: str) -> int:
    return DAYS_AHEAD + (2 if re.search(r"\b(end|ends|to|until|finish|return|checkout|due|expires?)\b", words) else 0)


def _phone(wanted: Wanted) -> str:
    return "+1555" + "".join(str(ord(letter) % 10) for letter in wanted.mark[:7])


# The first name that fits gives the text. Names that identify a person come first.
TEXTS: tuple[tuple[str, Callable[[Wanted], str]], ...] = (
    (r"\be ?mail\b", lambda wanted: wanted.persona.email),
    (r"\b(password|passwd|pwd|passphrase|pass)\d?\b", lambda wanted: wanted.persona.password),
    (r"\b(user ?name|login|handle|nick ?name|user|account name)\b", lambda wanted: wanted.persona.username),
    (r"\b(first|given|last|family|full|display) name\b|\bsurname\b", lambda wanted: f"Robin {wanted.mark}"),
    (r"\b(phone|mobile|telephone|tel)\b", _phone),
    (
        r"\b(urls?|uri|link|website|homepage|webhook|callback|endpoint|avatar|image|picture)\b",
        lambda wanted: f"https://probe.invalid/{wanted.mark}",
    ),
    (
        r"\b(date ?time|timestamp|.* at|starts?|ends?)$",
        lambda wanted: _day(_days(wanted.words)).isoformat().replace("+00:00", "Z"),
    ),
    (r"\b(birth|born|dob)\b", lambda _: "1990-04-02"),
    (r"\b(date|day|checkin|checkout)\b", lambda wanted: _day(_days(wanted.words)).date().isoformat()),
    (r"\bcurrency\b", lambda _: "USD"),
    (r"\bcountry\b", lambda _: "US"),
    (r"\b(zip|postal|postcode)\b", lambda _: "12345"),
    (r"\b(lang|language|locale)\b", lambda _: "en"),
    (r"\b(time ?zone|tz)\b", lambda _: "UTC"),
    (r"\bcolou?r\b", lambda _: "#336699"),
    (r"\b(card|pan)\b.*\bnumber\b|\bcard\b", lambda _: "4111111111111111"),
    (r"\b(cvv|cvc)\b", lambda _: "123"),
    (r"\bgrant type\b", lambda _: "password"),
    (r"\b(host|hostname|domain|ip)\b", lambda _: "127.0.0.1"),
    (r"\bslug\b", lambda wanted: f"probe-{wanted.mark}"),
    (r"\b(priority|severity)\b", lambda _: "low"),
    (r"\b(amount|price|total|cost)\b", lambda _: "10.00"),
)
FORMATS: Mapping[str, Callable[[Wanted], str]] = {
    "email": lambda wanted: wanted.persona.email,
    "password": lambda wanted: wanted.persona.password,
    "uuid": lambda wanted: str(uuid.uuid5(uuid.NAMESPACE_URL, wanted.mark + wanted.words)),
    "date": lambda wanted: _day(_days(wanted.words)).date().isoformat(),
    "date-time": lambda wanted: _day(_days(wanted.words)).isoformat().replace("+00:00", "Z"),
    "time": lambda _: "10:30:00",
    "uri": lambda wanted: f"https://probe.invalid/{wanted.mark}",
    "url": lambda wanted: f"https://probe.invalid/{wanted.mark}",
    "ipv4": lambda _: "127.0.0.1",
    "hostname": lambda _: "probe.invalid",
    "byte": lambda _: "cHJvYmU=",
}
NUMBERS: tuple[tuple[str, float], ...] = (
    (r"\b(quantity|qty|count|seats|guests|units|nights|copies|tickets|people)\b", 1),
    (r"\b(price|amount|total|cost|balance|salary|budget|fee)\b", 10),
    (r"\b(rating|stars|score)\b", 4),
    (r"\bage\b", 30),
    (r"\byear\b", 2024),
    (r"\b(stock|capacity|inventory|max uses|uses)\b", 50),
)
RECIPIENT = re.compile(
    r"^(to|recipient|receiver|payee|beneficiary|destination)( (user|account|username|customer|email|id))*$"
)
FREE_TEXT = re.compile(
    r"\b(title|body|text|content|note|notes|message|description|subject|name|memo|reason|remark|remarks|comment)$"
)


@dataclass(frozen=True)
class Writing:
    """How a body is written: by whom, with which mark, what is known of other things, all properties or the needed.

    With `examples` things go to the receiver whom the document gives as an example: what is sent to an identity of ours
    is its own to read.
    """

    persona: Persona
    mark: str
    known: Known
    whole: bool = True
    examples: bool = True


class Inventor:
    """Makes values for one document."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def body(self, body: Body, writing: Writing) -> dict[str, Any]:
        """A body with its required properties and free texts; with all of its properties where the writing is whole."""
        made = self._object(body.schema, writing, 0)
        example = body.schema.get("example")
        if not made and isinstance(example, dict):
            return {name: self._like(name, one, writing) for name, one in example.items()}
        return made

    def value(self, name: str, schema: Mapping[str, Any], writing: Writing, depth: int = 0) -> Any:
        """A value for one property or parameter."""
        if depth > MAX_DEPTH:
            return None
        if schema.get("type") == "object" or "properties" in schema:
            return self._object(schema, writing, depth)
        if schema.get("type") == "array":
            return [self.value(name.removesuffix("s"), self._schemas.flat(schema.get("items")), writing, depth + 1)]
        return _scalar(name, schema, writing)

    def _object(self, schema: Mapping[str, Any], writing: Writing, depth: int) -> dict[str, Any]:
        properties = self._schemas.properties(schema)
        required = schema.get("required")
        needed = set(map(str, required)) if isinstance(required, list) else set(properties)
        example = schema.get("example")
        made = {}
        for name, one in properties.items():
            if one.get("readOnly") or not (writing.whole or name in needed or _is_free_text(name, one)):
                continue
            shown = {"example": example[name]} if isinstance(example, dict) and name in example else {}
            made[name] = self.value(name, {**shown, **one}, writing, depth + 1)
        return made

    def _like(self, name: str, shown: Any, writing: Writing) -> Any:
        """A value like the one that an example shows."""
        match shown:
            case dict():
                return {key: self._like(key, one, writing) for key, one in shown.items()}
            case bool() | int() | float() | None | list():
                return shown
            case _:
                return _scalar(name, {"type": "string", "example": shown}, writing)


def _scalar(name: str, schema: Mapping[str, Any], writing: Writing) -> Any:
    fixed = [schema["const"]] if "const" in schema else schema.get("enum")
    if isinstance(fixed, list) and fixed:
        return fixed[0]
    wanted = Wanted(words_of(name), schema, writing.persona, writing.mark)
    shown = schema.get("example")
    if writing.examples and shown is not None and RECIPIENT.search(wanted.words) and _fits(shown, schema):
        return shown
    found = writing.known(wanted.words)
    if found is not None and _fits(found, schema):
        return found
    match schema.get("type"):
        case "boolean":
            return schema.get("default", False)
        case "integer" | "number":
            return _number(wanted)
        case _:
            return _text(wanted)


def nothing_known(_: str) -> None:
    """What is known of other things where none are: nothing."""


def _is_free_text(name: str, schema: Mapping[str, Any]) -> bool:
    """Whether the property may carry the mark without anyone minding."""
    plain = schema.get("type") == "string" and not {"format", "enum", "pattern", "readOnly"} & schema.keys()
    return plain and FREE_TEXT.search(words_of(name)) is not None


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    match schema.get("type"):
        case "integer" | "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case _:
            return True


def _number(wanted: Wanted) -> int | float:
    schema = wanted.schema
    shown = schema.get("example", schema.get("default"))
    named = next((number for pattern, number in NUMBERS if re.search(pattern, wanted.words)), None)
    number = shown if isinstance(shown, int | float) and not isinstance(shown, bool) else named
    number = 1 if number is None else number
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if isinstance(low, int | float) and not isinstance(low, bool) and number <= low:
        number = low + (1 if schema.get("exclusiveMinimum") else 0)
    if isinstance(high, int | float) and not isinstance(high, bool) and number > high:
        number = high
    return int(number) if schema.get("type") == "integer" else number


def _text(wanted: Wanted) -> str:
    schema = wanted.schema
    personal = next((make for pattern, make in TEXTS[:4] if re.search(pattern, wanted.words)), None)
    if personal:
        return _sized(personal(wanted), schema)
    if schema.get("format") in FORMATS:
        return FORMATS[str(schema["format"])](wanted)
    shown = schema.get("example", schema.get("default"))
    if not isinstance(shown, str) and isinstance(schema.get("examples"), list) and schema["examples"]:
        shown = schema["examples"][0]
    if isinstance(shown, str) and shown and not _is_free_text(wanted.words, {**schema, "type": "string"}):
        return shown
    named = next((make for pattern, make in TEXTS if re.search(pattern, wanted.words)), None)
    return _sized(named(wanted) if named else f"{wanted.mark}", schema)


def _sized(text: str, schema: Mapping[str, Any]) -> str:
    shortest, longest = schema.get("minLength"), schema.get("maxLength")
    if isinstance(longest, int):
        text = text[:longest]
    return text.ljust(shortest, "x") if isinstance(shortest, int) else text
