"""Learns what there is: asks every list, makes objects of the first identity's own, and reads them back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from security.regression.exchange import Exchange, take
from security.stranger.actor import Actor
from security.stranger.entrances import takes_password
from security.stranger.leaves import leaves
from security.stranger.operation import LOG_IN, LOG_OUT, RESET, Operation, words_of
from security.stranger.things import IDS, Thing, items_in, object_in, prefix_of
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
        if not world.things.has(home(world, operation), world.alice.name):
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
        kept = items or one.base in readable or home(world, one) != one.base
        return one.method == "POST" and not one.is_item and kept and not _is_session(one)

    found = [
        one for one in world.document.operations if makes(one) and one is not world.register and one is not world.log_in
    ]
    return sorted(found, key=lambda one: (len(one.places), one.looks_administrative, refers(world, one)))


def home(world: World, operation: Operation) -> str:
    """The collection in which an operation's objects are found: its own, or one of the same name further out.

    A purchase may be made at `/products/{id}/purchases` and be read at `/purchases/{id}`.
    """
    others = world.document.operations
    if not operation.places or not operation.last or any(one.is_item_of(operation) for one in others):
        return operation.base
    outer = (one.parent for one in others if one.method == "GET" and one.is_item and len(one.places) == 1)
    return next((path for path in outer if words_of(path.rsplit("/", 1)[-1]) == operation.last), operation.base)


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
    exchange, mark, params = None, "", {}
    for params in paths_to(world, operation, actor):
        exchange, mark = sent_creation(world, operation, actor, params, change)
        if exchange is None or exchange.status not in (403, 404, 409):
            break
    if exchange is None or not exchange.ok:
        return None
    thing = _thing(world, operation, actor, params, exchange, mark)
    if thing is not None and change is None:
        world.things.add(thing)
    return thing


def paths_to(world: World, operation: Operation, actor: Actor) -> list[dict[str, Any]]:
    """Values for the path's parameters: of the actor's own things where it has some, then of things of others.

    One does not buy from oneself: what is refused on one's own thing may well be meant for others'.
    """
    found = [world.params(operation, one) for one in (actor, world.anonymous)]
    if len(operation.places) == 1:
        (place,) = operation.places
        found += [{place: thing.key(place)} for thing in world.things.seen(prefix_of(operation, place))]
    known = [one for one in found if one is not None and None not in one.values()]
    return [one for at, one in enumerate(known) if one not in known[:at]]


def sent_creation(
    world: World, operation: Operation, actor: Actor, params: Mapping[str, Any], change: Mapping[str, Any] | None = None
) -> tuple[Exchange | None, str]:
    """Send what makes an object, in another wording where the first is refused; with the mark that was used."""
    exchange, used = None, ""
    for written, mark in wordings(world, operation, actor):
        used, body = mark, overlaid(written, change or {})
        exchange = world.send(actor, world.request(operation, actor, params, body if operation.body else None))
        if exchange.ok or exchange.status in (401, 403, 404, 405, 429, 599):
            break
    if exchange is not None and exchange.status in (400, 422):
        hinted = _hinted(world, operation, actor, exchange)
        if hinted is not None:
            used = world.mark()
            body = overlaid({**hinted, **world.body(operation, actor, used)}, change or {})
            exchange = world.send(actor, replace(exchange.request, json=body, form=None))
    return exchange, used


def wordings(world: World, operation: Operation, actor: Actor) -> Iterator[tuple[dict[str, Any], str]]:
    """Bodies to try in turn, each with its mark: what is needed, all there is, and without the document's receivers."""
    tried: list[str] = []
    for whole, examples in ((False, True), (True, True), (False, False)):
        mark = world.mark()
        body = world.body(operation, actor, mark, whole=whole, examples=examples)
        text = str(body).replace(mark, "")
        if text not in tried:
            tried.append(text)
            yield body, mark


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
    collection = home(world, operation)
    outer = dict(params) if collection == operation.base else {}
    found = object_in(exchange.answer.json(), mark)
    if found is not None:
        return Thing(collection, actor.name, exchange, found[0], found[1], mark, outer)
    location = exchange.answer.header("location")
    if location:
        key = take(location.rstrip("/").rsplit("/", 1)[-1], exchange, " header location | last")
        return Thing(collection, actor.name, exchange, "", {"id": key}, mark, outer)
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
