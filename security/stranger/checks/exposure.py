"""Fields in answers that are not for the reader (OWASP API3). Sends nothing: it reads what the run has been answered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from security.regression.exchange import Exchange
from security.stranger.actor import Actor
from security.stranger.check import Tries
from security.stranger.finding import Flaw, flaw
from security.stranger.leaves import objects
from security.stranger.operation import words_of
from security.stranger.world import World

# For nobody's eyes, not even the owner's.
SECRET = re.compile(
    r"(^|\b)(password|passwd|pwd|passphrase|(password|pwd|pass) (hash|digest|salt)|hashed password|password hashed|salt"
    r"|secret answer|security answer|reset token|reset code|otp secret|totp secret|mfa secret|cvv|cvc|ssn|private key)$"
)
HASH = re.compile(r"^(hash|digest)$")
HASHED = re.compile(r"^\$|^pbkdf2|^scrypt|^[0-9a-f]{32,}$|^sha\d")
# For the owner alone.
OWN = re.compile(r"\b(api ?key|token|secret|access key|session id|recovery code)$")
SENSITIVE = re.compile(
    r"\b(phone|mobile|street|home address|birth ?date|date of birth|dob|iban|balance|salary|income|card number|diagnosis|passport"
    r"|national id|tax id|social security|last login ip|ip address|login ip)\b"
)
INTERNAL = re.compile(
    r"\b(internal|cost price|wholesale|margin|supplier|risk score|fraud|credit score|is admin|is staff|is superuser|permissions"
    r"|failed logins|debug)\b"
)
PERSON = re.compile(r"^(username|user name|email|login|handle|full name|name|display name)$")
MASKED = re.compile(r"[*•…x]{3,}", re.IGNORECASE)


def secret_fields(world: World, tries: Tries) -> Iterator[Flaw]:
    """Secrets in any answer, and personal fields of others that the document does not promise."""
    told: set[tuple[str, str]] = set()
    readers = {world.anonymous.name, *(one.name for one in world.identities)}
    answers = [one for one in world.exchanges if one.ok and one.who in readers]
    tries.expect(len(answers))
    tries.count(len(answers))
    for exchange in answers:
        for key, pointer, why in _wrong(world, exchange):
            place = (exchange.request.name, words_of(key))
            if place not in told:
                told.add(place)
                conditions = [{"of": 0, "status": [200, 299]}, {"of": 0, "at_not": [pointer, None]}]
                yield flaw(
                    exchange, f"The answer to {exchange.who} holds the field {key}, {why}.", [exchange], conditions, key
                )


def _wrong(world: World, exchange: Exchange) -> Iterator[tuple[str, str, str]]:
    operation = world.document.operation(exchange.request.method, exchange.request.template)
    declared = {name for name, _ in world.document.schemas.named(operation.answer)} if operation else set()
    actor = next((one for one in (*world.identities, world.anonymous) if one.name == exchange.who), world.anonymous)
    for pointer, one in objects(exchange.answer.json()):
        others = exchange.request.method == "GET" and _is_others(world, actor, one)
        for key, value in one.items():
            why = _why(key, value, one, others=others, declared=declared)
            administrative = operation is not None and operation.looks_administrative
            if why and not (administrative and not SECRET.search(words_of(key))):
                yield key, f"{pointer}/{key}", why


def _why(key: str, value: Any, one: Mapping[str, Any], *, others: bool, declared: set[str]) -> str | None:
    words = words_of(key)
    if isinstance(value, bool) or value in (None, "") or (isinstance(value, str) and MASKED.search(value)):
        return "is internal and not promised" if others and _hidden(key, declared) and INTERNAL.search(words) else None
    if isinstance(value, str) and SECRET.search(words):
        return "a secret"
    if isinstance(value, str) and HASH.search(words) and HASHED.search(value) and any(PERSON.search(words_of(name)) for name in one):  # fmt: skip
        return "a secret"
    if not others or isinstance(value, dict | list):
        return None
    if isinstance(value, str) and OWN.search(words) and len(value) >= 8:
        return "somebody else's secret"
    if SENSITIVE.search(words) and key not in declared:
        return "personal, of somebody else, and not promised by the document"
    if words.endswith("email") and _hidden(key, declared) and "@" in str(value):
        return "personal, of somebody else, and not promised by the document"
    if _hidden(key, declared) and INTERNAL.search(words):
        return "internal and not promised by the document"
    return None


def _hidden(key: str, declared: set[str]) -> bool:
    """Whether the document describes the answer, but not this field."""
    return bool(declared) and key not in declared


def _is_others(world: World, actor: Actor, one: Mapping[str, Any]) -> bool:
    """Whether the object is about a person, or a thing, that is not the reader's own."""
    if not any(PERSON.search(words_of(key)) and isinstance(value, str) for key, value in one.items()):
        return False
    if actor is world.anonymous:
        return True
    texts = {str(value) for value in one.values()}
    own = {actor.persona.username, actor.persona.email, str(actor.facts.get("id", actor.persona.username))}
    mine = [
        thing for thing in world.things.owned(actor.name) if thing.mark and any(thing.mark in text for text in texts)
    ]
    return not (texts & own) and not mine
