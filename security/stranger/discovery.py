"""Learns what there is: asks every list, makes objects of the first identity's own, and reads them back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from security.regression.exchange import Exchange, take
from security.stranger.actor import Actor
from security.stranger.entrances import takes_password
from security.stranger.leaves import leaves
from security.stranger.operation import LOG_IN, LOG_OUT, RESET, Operation, words_of
from security.stranger.things import IDS, Thing, items_in, object_in
from security.stranger.world import World

MAX_LISTS = 24
MAX_CREATES = 14
MAX_SEEN = 3
UNSAFE = re.compile(r"\b(delete|destroy|purge|wipe|shutdown|restart|drop|reset|truncate|flush)\b")
MISSING = re.compile(r"required|missing|must (be given|have)|can'?t be (blank|empty)|field", re.IGNORECASE)


def explore(world: World) -> None:
    """Ask the lists, then create in the order of nesting."""
    for operation in lists(world):
        exchange = world.send(world.alice, world.request(operation, world.alice))
        if exchange.ok:
            _remember_list(world, operation, exchange)
    for operation in creations(world)[:MAX_CREATES]:
        if not world.things.has(operation.base, world.alice.name):
            create(world, operation, world.alice)
    _claim_listed(world)


def _claim_listed(world: World) -> None:
    """Objects in a list of the first identity that the second one's list lacks are the first one's own."""
    seen = {thing.collection: thing.exchange for thing in world.things.all if not thing.owner}
    for collection, exchange in seen.items():
        if world.things.has(collection, world.alice.name):
            continue
        theirs = world.send(world.bob, exchange.request)
        others = {_identity_of(one) for _, one in items_in(theirs.answer.json())}
        for pointer, one in items_in(exchange.answer.json()):
            if theirs.ok and _identity_of(one) not in others:
                world.things.add(Thing(collection, world.alice.name, exchange, pointer, one, ""))
                break


def _identity_of(one: Mapping[str, Any]) -> str:
    return next((str(value) for key, value in one.items() if words_of(key).split(" ")[-1] in IDS), str(one))


def lists(world: World) -> list[Operation]:
    """GETs without path parameters, those first that objects are made of."""
    made = {one.base for one in world.document.operations if one.method == "POST"}
    gets = [one for one in world.document.operations if one.method == "GET" and not one.places and not _is_session(one)]
    return sorted(gets, key=lambda one: (one.base not in made, one.looks_administrative))[:MAX_LISTS]


def creations(world: World) -> list[Operation]:
    """POSTs (and PUTs without an object) that make an object which can then be read, outer collections first."""
    readable = {one.base for one in world.document.operations if one.method == "GET"}

    def makes(one: Operation) -> bool:
        items = any(other.is_item_of(one) and other.method != "POST" for other in world.document.operations)
        return one.method == "POST" and not one.is_item and (items or one.base in readable) and not _is_session(one)

    found = [
        one for one in world.document.operations if makes(one) and one is not world.register and one is not world.log_in
    ]
    return sorted(found, key=lambda one: (len(one.places), one.looks_administrative, refers(world, one)))


def refers(world: World, operation: Operation) -> bool:
    """Whether the body names other objects, which should be there first."""
    if operation.body is None:
        return False
    return any(words_of(name).endswith(" id") for name, _ in world.document.schemas.named(operation.body.schema))


def _is_session(operation: Operation) -> bool:
    """Whether the operation signs somebody in or out, or begins to reset a password."""
    words = operation.path_words
    return bool(
        LOG_OUT.search(words)
        or RESET.search(words)
        or (operation.method == "POST" and LOG_IN.search(operation.last or words) and "auth" not in (operation.last,))
    )


def actions(world: World) -> list[Operation]:
    """POSTs, PUTs and PATCHes that neither create, nor sign in, nor look destructive."""
    creating = set(map(id, creations(world)))
    return [
        one
        for one in world.document.operations
        if one.method in ("POST", "PUT", "PATCH")
        and id(one) not in creating
        and one is not world.register
        and one is not world.log_in
        and not _is_session(one)
        and not UNSAFE.search(one.path_words)
    ]


def create(world: World, operation: Operation, actor: Actor, change: Mapping[str, Any] | None = None) -> Thing | None:
    """Make an object as this actor, `change` put over the invented properties; None where the target takes none."""
    params = world.params(operation, actor)
    if params is None:
        return None
    exchange, mark = sent_creation(world, operation, actor, params, change)
    if exchange is None or not exchange.ok:
        return None
    thing = _thing(world, operation, actor, params, exchange, mark)
    if thing is not None and change is None:
        world.things.add(thing)
    return thing


def sent_creation(
    world: World, operation: Operation, actor: Actor, params: Mapping[str, Any], change: Mapping[str, Any] | None = None
) -> tuple[Exchange | None, str]:
    """Send what makes an object, in a second wording where the first is refused; with the mark that was used."""
    exchange, mark, tried = None, "", []
    for whole in (False, True):
        mark = world.mark()
        body = overlaid(world.body(operation, actor, mark, whole=whole), change or {})
        if body.keys() in tried:
            continue
        tried.append(body.keys())
        exchange = world.send(actor, world.request(operation, actor, params, body if operation.body else None))
        if exchange.ok or exchange.status in (401, 403, 404, 405, 429, 599):
            break
    if exchange is not None and exchange.status in (400, 422):
        hinted = _hinted(world, operation, actor, exchange)
        if hinted is not None:
            mark = world.mark()
            body = overlaid({**hinted, **world.body(operation, actor, mark)}, change or {})
            exchange = world.send(actor, replace(exchange.request, json=body, form=None))
    return exchange, mark


def overlaid(body: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The body with `change` put over it, inside its envelope where it has one (`{"note": {…}}`)."""
    if len(body) == 1 and isinstance(inner := next(iter(body.values())), dict) and not change.keys() & body.keys():
        return {name: {**inner, **change} for name in body}
    return {**body, **change}


def _hinted(world: World, operation: Operation, actor: Actor, refused: Exchange) -> dict[str, Any] | None:
    """Properties that the refusal names as missing and the document does not."""
    if not MISSING.search(refused.answer.text) or (operation.body and operation.body.schema.get("properties")):
        return None
    names = re.findall(r"[\"'`]([a-z_]{2,30}[a-zA-Z_]*)[\"'`]", refused.answer.text)
    wanted = [
        name for name in dict.fromkeys(names) if name not in ("error", "errors", "message", "detail", "field", "code")
    ]
    writing = world.writing(actor, world.mark())
    return {name: world.inventor.value(name, {"type": "string"}, writing) for name in wanted[:8]} or None


def _thing(
    world: World, operation: Operation, actor: Actor, params: Mapping[str, Any], exchange: Exchange, mark: str
) -> Thing | None:
    found = object_in(exchange.answer.json(), mark)
    if found is not None:
        return Thing(operation.base, actor.name, exchange, found[0], found[1], mark, params)
    location = exchange.answer.header("location")
    if location:
        key = take(location.rstrip("/").rsplit("/", 1)[-1], exchange, " header location | last")
        return Thing(operation.base, actor.name, exchange, "", {"id": key}, mark, params)
    return _listed(world, operation, actor, params, mark)


def _listed(world: World, operation: Operation, actor: Actor, params: Mapping[str, Any], mark: str) -> Thing | None:
    """The object in the list of its collection, known by its mark."""
    listing = world.document.operation("GET", operation.path)
    if listing is None:
        return None
    exchange = world.send(actor, world.request(listing, actor, params))
    for pointer, one in items_in(exchange.answer.json()):
        if any(mark in str(leaf.value) for leaf in leaves(one)):
            return Thing(operation.base, actor.name, exchange, pointer, one, mark, params)
    return None


def _remember_list(world: World, operation: Operation, exchange: Exchange) -> None:
    for pointer, one in list(items_in(exchange.answer.json()))[:MAX_SEEN]:
        world.things.add(Thing(operation.base, "", exchange, pointer, one, ""))


def item_operations(world: World, *methods: str) -> list[Operation]:
    """Operations of these methods whose path names an object."""
    return [one for one in world.document.operations if one.places and one.method in methods]


def changes_password(world: World, operation: Operation) -> bool:
    """Whether an operation would change the credential of who calls it."""
    return takes_password(world, operation) or "password" in operation.path_words
