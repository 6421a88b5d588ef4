"""Fields in answers that are not for the reader (OWASP API3). Sends nothing: it reads what has been answered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from security.regression.exchange import Exchange
from security.stranger.actor import Actor
from security.stranger.check import Tries
from security.stranger.finding import Flaw, flaw, good
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
    r"\b(phone|mobile|street|home address|birth ?date|date of birth|dob|iban|balance|salary|income|card number"
    r"|diagnosis|passport"
    r"|national id|tax id|social security|last login ip|ip address|login ip)\b"
)
INTERNAL = re.compile(
    r"\b(internal|cost price|wholesale|margin|supplier|risk score|fraud|credit score|is admin|is staff|is superuser"
    r"|permissions"
    r"|failed logins|debug)\b"
)
PERSON = re.compile(r"^(username|user name|email|login|handle|full name|name|display name)$")
SHORTEST = 8
MASKED = re.compile(r"[*•…x]{3,}", re.IGNORECASE)


def secret_fields(world: World, tries: Tries) -> Iterator[Flaw]:
    """Secrets in any answer, and personal fields of others that the document does not promise."""
    _look_around(world)
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
                conditions = [good(0), {"of": 0, "at_not": [pointer, None]}]
                yield flaw(
                    exchange, f"The answer to {exchange.who} holds the field {key}, {why}.", [exchange], conditions, key
                )


def _look_around(world: World) -> None:
    """Let the second identity read what the first one may and it has not seen, as far as requests are left."""
    seen = {one.request.template for one in world.exchanges if one.who != world.alice.name and one.ok}
    for operation in world.document.operations:
        if operation.method != "GET" or operation.path in seen or operation.looks_administrative:
            continue
        params = world.params(operation, world.alice)
        if params is not None and world.budget.left > 1:
            world.send(world.bob, world.request(operation, world.bob, params))


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
    """Why this field should not be there, or None."""
    words, text = words_of(key), value if isinstance(value, str) and not MASKED.search(value) else ""
    if text and (SECRET.search(words) or _is_hash(words, text, one)):
        return "a secret"
    if not others or isinstance(value, dict | list) or value in (None, ""):
        return None
    if OWN.search(words) and len(text) >= SHORTEST:
        return "somebody else's secret"
    personal = SENSITIVE.search(words) and not isinstance(value, bool) and key not in declared
    if personal or (words.endswith("email") and "@" in text and _hidden(key, declared)):
        return "personal, of somebody else, and not promised by the document"
    return "internal and not promised by the document" if _hidden(key, declared) and INTERNAL.search(words) else None


def _is_hash(words: str, text: str, one: Mapping[str, Any]) -> bool:
    """Whether a bare `hash` is one of a person's password, and not of a file."""
    of_person = any(PERSON.search(words_of(name)) for name in one)
    return of_person and HASH.search(words) is not None and HASHED.search(text) is not None


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
