"""Makes the two identities: registers them where the document shows how, logs them in, finds how to present what they
got, and reads who they are. Otherwise identities come from a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from security.regression.exchange import Exchange, Request, take
from security.stranger.actor import Actor
from security.stranger.credentials import basic, tokens_in, ways
from security.stranger.entrances import PASSWORD, find_operations
from security.stranger.forgery import keep_csrf, prime
from security.stranger.leaves import objects
from security.stranger.operation import (
    HEALTH,
    Body,
    words_of,
)
from security.stranger.things import IDS, Thing, object_in
from security.stranger.values import Persona, Writing, nothing_known
from security.stranger.world import World

WAYS = 6  # ways of sending a token that are tried
ME = re.compile(r"\b(me|whoami|self|profile|account|current|user|myself)$")
FALLBACK = {"username": {"type": "string"}, "email": {"type": "string"}, "password": {"type": "string"}}


class NoIdentityError(Exception):
    """No identity could be made; the message says what was tried and what a user can do."""


def enrol(world: World, given: Sequence[Mapping[str, Any]] | None) -> None:
    """Make Alice and Bob; raises `NoIdentityError` where that is not possible."""
    find_operations(world)
    for letter, name in (("a", "alice"), ("b", "bob")):
        entry = given[len(world.identities)] if given else None
        actor = _from_file(world, name, entry) if entry else newcomer(world, name, letter)
        world.identities.append(actor)
    world.can_register = not given


def newcomer(world: World, name: str, letter: str, extra: Mapping[str, Any] | None = None) -> Actor:
    """Register and log in somebody new; `extra` are further properties of the registration."""
    if world.register is None:
        raise NoIdentityError("The document shows no way to register: give two identities with --identities FILE.")
    actor = Actor(name, world.persona(letter))
    prime(world, actor)
    registered = register(world, actor, extra or {})
    actor.setup.append(registered)
    sign_in(world, actor, registered)
    return actor


def newcomer_at_the_door(world: World, name: str) -> Actor:
    """Someone without an account, with an address of their own and whatever a log-in page hands out."""
    actor = Actor(name, world.persona("v"))
    prime(world, actor)
    return actor


def register(world: World, actor: Actor, extra: Mapping[str, Any], *, must: bool = True) -> Exchange:
    """Register this persona, in as many properties as it takes; `extra` stands beside the password."""
    operation = world.register
    assert operation is not None
    exchange = None
    for body in registrations(world, actor):
        exchange = world.send(actor, world.request(operation, actor, body=beside_password(body, extra)))
        if exchange.ok or (exchange.status in (301, 302, 303) and not extra):
            return exchange
    if must:
        shown = f"{exchange.status} {exchange.answer.text[:160]}" if exchange else "nothing"
        raise NoIdentityError(f"{operation.name} did not register an account: {shown}")
    assert exchange is not None
    return exchange


def registrations(world: World, actor: Actor) -> Iterator[dict[str, Any]]:
    """Bodies to register with: the needed properties, then all."""
    operation = world.register
    assert operation is not None
    if operation.body is None or not operation.body.schema.get("properties"):
        operation = replace(operation, body=Body("application/json", {"type": "object", "properties": FALLBACK}))
    assert operation.body is not None
    lean, whole = (world.body(operation, actor, world.mark(), whole=whole) for whole in (False, True))
    yield lean
    if whole != lean:
        yield whole


def beside_password(body: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """The body with further properties in the object that holds the password."""
    if any(PASSWORD.search(words_of(name)) for name in body):
        return {**body, **extra}
    inner = {name: beside_password(one, extra) for name, one in body.items() if isinstance(one, dict)}
    return {**body, **inner} if inner else {**body, **extra}


def sign_in(world: World, actor: Actor, registered: Exchange | None) -> None:
    """Log in, or use what the registration gave; then find a way to present it that the target takes."""
    sources: list[Exchange] = []
    for exchange in log_ins(world, actor):
        actor.setup.append(exchange)
        sources.append(exchange)
        _keep_session(world, actor, exchange)
        break
    sources += [registered] if registered else []
    for exchange in reversed(sources):
        keep_csrf(world, actor, exchange, r"csrf|xsrf")
    schemes = world.document.schemes
    if any(one.get("type") == "http" and str(one.get("scheme", "")).lower() == "basic" for one in schemes.values()):
        _adopt_basic(world, actor)
    else:
        _adopt(world, actor, sources)
    _meet(world, actor, sources)
    actor.signed_in = True


def _keep_session(world: World, actor: Actor, logged_in: Exchange) -> None:
    """Remember a session or key that paths can name (`DELETE /keys/{id}`) as its owner's thing."""
    operation = world.log_in
    found = object_in(logged_in.answer.json())
    if operation is not None and found and any(one.is_item_of(operation) for one in world.document.operations):
        world.things.add(Thing(operation.base, actor.name, logged_in, found[0], found[1], ""))


def log_ins(world: World, actor: Actor, password: str | None = None) -> Iterator[Exchange]:
    """Successful log-ins, in the ways that the operation may be meant."""
    for exchange in attempts(world, actor, actor, password):
        if exchange.ok or (exchange.status in (302, 303) and exchange.answer.header("set-cookie")):
            yield exchange


def attempts(world: World, sender: Actor, actor: Actor, password: str | None = None) -> Iterator[Exchange]:
    """Log-ins as `actor`, sent by `sender`: by name, then by e-mail where the operation only knows a user name."""
    operation = world.log_in
    if operation is None:
        return
    for persona in _personas(actor.persona, password):
        yield world.send(sender, log_in_request(world, persona))


def log_in_request(world: World, persona: Persona) -> Request:
    """The log-in of this persona."""
    operation = world.log_in
    assert operation is not None
    if operation.body is None or not operation.body.schema.get("properties"):
        operation = replace(operation, body=Body("application/json", {"type": "object", "properties": FALLBACK}))
    assert operation.body is not None
    body = world.inventor.body(operation.body, Writing(persona, "", nothing_known, whole=False))
    return world.request(operation, Actor("log-in", persona), body=body)


def _personas(persona: Persona, password: str | None) -> Iterator[Persona]:
    chosen = replace(persona, password=password or persona.password)
    yield chosen
    yield replace(chosen, username=chosen.email)


def _adopt_basic(world: World, actor: Actor) -> None:
    witness = _witness(world, actor)
    for credential in basic(actor):
        actor.credential = credential
        if witness is None or world.send(actor, witness).ok:
            return


def _adopt(world: World, actor: Actor, sources: list[Exchange]) -> None:
    """Take the first token and way of sending it that the witness accepts."""
    witness = _witness(world, actor)
    tokens = [(token, source) for source in sources for token in tokens_in(source)]
    session = any(not re.search("csrf|xsrf", name.lower()) for name in actor.credential.cookies)
    if not tokens or (session and witness is not None and world.send(actor, witness).ok):
        return
    known = next((one.credential for one in world.identities if one.credential.headers or one.credential.query), None)
    first = None
    for token, _ in tokens[:3]:
        api_key = "key" in (token.origin.place.lower() if hasattr(token, "origin") else "")
        options = list(ways(token, world.document.schemes, actor, api_key=api_key))
        for credential in options[:WAYS]:
            if known and set(credential.headers) | set(credential.query) != set(known.headers) | set(known.query):
                continue
            first = first or credential
            if witness is None:
                break
            trial = actor.bearing(actor.name, credential)
            if world.send(trial, witness).ok:
                actor.credential = credential
                return
    actor.credential = first or actor.credential


def _witness(world: World, actor: Actor) -> Request | None:
    """A GET that visitors are refused: found once, by asking as a visitor."""
    if world.witness is not None or world.identities:
        return world.witness
    gets = [one for one in world.document.operations if one.method == "GET" and not one.places]
    gets = [one for one in gets if not HEALTH.search(one.path_words) and not one.looks_administrative]
    ranked = sorted(gets, key=lambda one: (not ME.search(one.last), not one.declares_security, len(one.path)))
    for one in ranked[:4]:
        request = world.request(one, actor)
        if world.send(world.anonymous, request).status in (401, 403):
            world.witness = request
            return request
    return None


def _meet(world: World, actor: Actor, sources: list[Exchange]) -> None:
    """Learn the identity's own id and names from its account."""
    if world.witness is None:
        _witness(world, actor)
    candidates = list(sources)
    if world.witness is not None:
        asked = (one for one in reversed(world.exchanges) if (one.who, one.request) == (actor.name, world.witness))
        candidates.insert(0, next(asked, None) or world.send(actor, world.witness))
    for exchange in candidates:
        for pointer, one in objects(exchange.answer.json()):
            if exchange.ok and {actor.persona.username, actor.persona.email} & {str(value) for value in one.values()}:
                _learn(actor, exchange, pointer, one)
    for pointer, one in (pair for source in sources for pair in objects(source.answer.json())):
        for key in one:
            if words_of(key) in ("user id", "account id", "customer id", "member id"):
                actor.facts.setdefault("id", take(one[key], _source_of(sources, one), f"{pointer}/{key}"))
    actor.facts.setdefault("username", actor.persona.username)
    actor.facts.setdefault("email", actor.persona.email)


def _source_of(sources: list[Exchange], wanted: Mapping[str, Any]) -> Exchange:
    return next(one for one in sources if any(found == wanted for _, found in objects(one.answer.json())))


def _learn(actor: Actor, exchange: Exchange, pointer: str, found: Mapping[str, Any]) -> None:
    for key, value in found.items():
        words = words_of(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            actor.facts.setdefault(words, take(value, exchange, f"{pointer}/{key}"))
    for key in (*IDS[:4], "user id", "userid"):
        if words_of(key) in actor.facts:
            actor.facts.setdefault("id", actor.facts[words_of(key)])


def _from_file(world: World, name: str, entry: Mapping[str, Any]) -> Actor:
    username = str(entry.get("username") or entry.get("email") or name)
    actor = Actor(name, Persona(username, str(entry.get("email", username)), str(entry.get("password", ""))))
    for key in ("username", "email", "password"):
        if entry.get(key):
            world.env[str(entry[key])] = f"«env TRADEOFF_{name.upper()}_{key.upper()}»"
    if entry.get("headers") or entry.get("cookies"):
        _present(world, actor, entry)
        _witness(world, actor)
        _meet(world, actor, [])
        actor.signed_in = True
        return actor
    prime(world, actor)
    if world.log_in is None and not _is_basic(world):
        raise NoIdentityError(
            f"The document shows no log-in: give {name} `headers` or `cookies` in the identities file."
        )
    sign_in(world, actor, None)
    if world.witness is not None and not world.send(actor, world.witness).ok:
        raise NoIdentityError(f"The identity {name} of the file could not log in.")
    return actor


def _is_basic(world: World) -> bool:
    return any(str(one.get("scheme", "")).lower() == "basic" for one in world.document.schemes.values())


def _present(world: World, actor: Actor, entry: Mapping[str, Any]) -> None:
    headers, cookies = entry.get("headers") or {}, entry.get("cookies") or {}
    for kind, pairs in (("HEADER", headers), ("COOKIE", cookies)):
        for key, value in pairs.items():
            place = re.sub(r"\W", "_", f"TRADEOFF_{actor.name}_{kind}_{key}".upper())
            world.env[str(value)] = f"«env {place}»"
    actor.credential.headers.update({str(key): str(value) for key, value in headers.items()})
    actor.credential.cookies.update({str(key): str(value) for key, value in cookies.items()})
