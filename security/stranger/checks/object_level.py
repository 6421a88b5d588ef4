"""Objects of somebody else (OWASP API1): read and changed by the second identity, over path and query.

Every success is held against a visitor's answer and the owner's own view: what anybody may see is no flaw.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from security.regression.exchange import Exchange, Request
from security.stranger.actor import Actor
from security.stranger.check import NothingToAttackError, Tries
from security.stranger.checks.victims import victim_of
from security.stranger.checks.views import (
    PERSONAL,
    Sharing,
    altered,
    marks_of,
    moved_in,
    shows,
    taken_over,
    thing_of,
    told,
)
from security.stranger.discovery import create, creations, item_operations
from security.stranger.finding import Flaw, flaw, good
from security.stranger.leaves import Leaf
from security.stranger.operation import Operation, words_of
from security.stranger.things import Thing, object_in, prefix_of
from security.stranger.world import World

# What only an owner does. Others may well like, comment, follow or report.
OWNER_ACTS = re.compile(
    r"\b(cancel|refund|pay|approve|close|archive|unarchive|publish|unpublish|complete|confirm|ship|transfer|rename|lock"
    r"|unlock|activate|deactivate|disable|enable|rotate|share|restore|submit|start|stop|assign|reopen|finish|withdraw"
    r"|pause|resume|reschedule|checkout|fulfil|fulfill|reject|accept|move|pin|done|toggle|revoke)\b"
)
# Properties that make an object private, and the value that does.
PRIVATE = (
    (re.compile(r"^(is )?(draft|private|hidden|secret|confidential|unlisted)$"), True),
    (re.compile(r"^(is )?(public|published|shared|listed|visible)$"), False),
)
READ_AGAIN = 3


def object_read(world: World, tries: Tries) -> Iterator[Flaw]:
    """The second identity reads an object of the first."""
    sharing = Sharing(world)
    requests = list(_readings(world))
    if not requests:
        raise NothingToAttackError("No object of an identity's own is known that could be read by its path or query.")
    tries.expect(len(requests))
    for request in requests:
        tries.count()
        yield from _read(world, sharing, request)
    for thing in world.things.owned(world.alice.name):
        yield from _listed(world, sharing, thing)


def _readings(world: World) -> Iterator[Request]:
    """Requests by which the first identity may read things of its own."""
    for one in item_operations(world, "GET"):
        params = None if one.looks_administrative else world.params(one, world.alice, own=True)
        if params:
            yield world.request(one, world.alice, params)
    yield from _private_ones(world)
    for one in world.document.operations:
        if one.method == "GET" and not one.places and not one.looks_administrative:
            yield from _by_query(world, one)


def _private_ones(world: World) -> Iterator[Request]:
    """Objects made private where there is a switch for it: others are often public, and prove nothing."""
    for maker in creations(world):
        change = _privacy(world, maker)
        reading = next((one for one in item_operations(world, "GET") if one.is_item and one.parent == maker.base), None)
        thing = create(world, maker, world.alice, change) if change and reading else None
        if thing is not None and reading is not None:
            world.things.all.insert(0, thing)  # the newest one stays the one that paths are filled with
            key = thing.key(reading.places[-1])
            if key is not None:
                yield world.request(reading, world.alice, {**thing.params, reading.places[-1]: key})


def _privacy(world: World, maker: Operation) -> dict[str, Any]:
    named = dict(world.document.schemas.named(maker.body.schema)) if maker.body else {}
    for name, schema in named.items():
        value = next((value for pattern, value in PRIVATE if pattern.search(words_of(name))), None)
        if value is not None and schema.get("type") == "boolean":
            return {name: value}
        if words_of(name) in ("visibility", "access", "privacy") and "private" in (schema.get("enum") or ()):
            return {name: "private"}
    return {}


def _by_query(world: World, operation: Operation) -> Iterator[Request]:
    for parameter in operation.parameters:
        if parameter.place != "query":
            continue
        words = words_of(parameter.name)
        value = _identity_value(world.alice, words) or world.things.referred(words, world.alice.name)
        if value is not None:
            yield world.request(operation, world.alice, None, None, {parameter.name: value})


def _identity_value(actor: Actor, words: str) -> Any:
    if re.search(r"\b(user|owner|author|account|customer|member|uid|username|patient|student|employee)\b", words):
        return actor.facts.get("id" if re.search(r"\b(id|uid)\b", words) else "username")
    return actor.facts.get("email") if words == "email" else None


def _read(world: World, sharing: Sharing, request: Request) -> Iterator[Flaw]:
    own = world.send(world.alice, request)
    marks = marks_of(world, world.alice, request)
    if not own.ok or not shows(own, own, marks):
        return
    theirs = world.send(world.bob, request)
    if not shows(theirs, own, marks):
        yield from _through_own_parent(world, request, own, marks)
        return
    visitor = world.send(world.anonymous, request)
    if shows(visitor, own, marks) or _is_common(world, sharing, request, own):
        return
    mark = next(mark for mark in marks if mark in own.answer.text and mark in theirs.answer.text)
    personal = [] if thing_of(world, request) else _personal(world, request, own)
    # An account may well be shown by its name: what is wrong is more than that.
    more = [
        {"of": 1, "same_at": [0, leaf.pointer]} for leaf in personal if theirs.answer.at(leaf.pointer) == leaf.value
    ]
    sentence = "Bob is shown what Alice owns; a visitor is refused."
    yield flaw(theirs, sentence, [own, theirs], [*_shown(1, mark), *more[:1]], ",".join(request.query))


def _shown(step: int, mark: str) -> list[dict[str, Any]]:
    return [good(0), good(step, contains=mark)]


def _is_common(world: World, sharing: Sharing, request: Request, own: Exchange) -> bool:
    """Whether the application means others to see this."""
    thing = thing_of(world, request)
    if thing is not None:
        return sharing.is_shared(thing)
    return not _personal(world, request, own)


def _personal(world: World, request: Request, own: Exchange) -> list[Leaf]:
    """What an account's answer holds beyond names, and beyond an address that the document promises."""
    operation = world.document.operation(request.method, request.template)
    declared = {name for name, _ in world.document.schemas.named(operation.answer)} if operation else set()
    shown = [leaf for leaf in told(own.answer.json()).values() if PERSONAL.search(leaf.words)]
    return [leaf for leaf in shown if leaf.key not in declared or not re.fullmatch(r"(.* )?e ?mail", leaf.words)]


def _through_own_parent(world: World, request: Request, own: Exchange, marks: list[str]) -> Iterator[Flaw]:
    """The first one's inner object under an outer object of the second one's own."""
    other = under_own_parent(world, request)
    if other is None:
        return
    theirs = world.send(world.bob, other)
    mark = next((mark for mark in marks if mark in own.answer.text and mark in theirs.answer.text), None)
    if mark and theirs.ok and shows(theirs, own, marks):
        sentence = "Under an outer object of Bob's own, Alice's inner object is shown to him."
        yield flaw(theirs, sentence, [own, theirs], _shown(1, mark), "parent")


def under_own_parent(world: World, request: Request) -> Request | None:
    """The request with an outer object of the second identity's own in the path; None where there is no such place."""
    if len(request.params) < 2:
        return None
    place = next(iter(request.params))
    outer = next((one for one in creations(world) if request.template.startswith(f"{one.base}/{{{place}}}")), None)
    if outer is None:
        return None
    parent = world.things.of(outer.base, world.bob.name)
    if parent is None or parent.owner != world.bob.name:
        parent = create(world, outer, world.bob)
    key = parent.key(place) if parent else None
    return replace(request, params={**request.params, place: key}) if key is not None else None


def _listed(world: World, sharing: Sharing, thing: Thing) -> Iterator[Flaw]:
    """A list that should be the owner's own shows the thing to somebody else."""
    if not thing.mark or not sharing.is_private(thing):
        return
    shown = sharing.listed_to(thing, world.bob)
    if shown is not None and not sharing.listed_to(thing, world.anonymous) and thing.mark in shown.answer.text:
        conditions = [good(1, contains=thing.mark)]
        yield flaw(
            shown, "A list of one's own shows Alice's object to Bob.", [thing.exchange, shown], conditions, "list"
        )


def object_changed(world: World, tries: Tries) -> Iterator[Flaw]:
    """The second identity changes an object of the first, which the first one then sees changed."""
    sharing = Sharing(world)
    operations = [one for one in item_operations(world, "PUT", "PATCH", "POST") if not one.looks_administrative]
    chosen = [one for one in operations if one.is_item or OWNER_ACTS.search(one.last) or one.method != "POST"]
    attacked = False
    for operation in chosen:
        victim = victim_of(world, operation)
        params = world.params(operation, victim, own=True) if victim else None
        if victim is None or params is None:
            continue
        attacked = True
        tries.expect(1)
        yield from _change(world, sharing, operation, victim, params)
        tries.count()
    for operation in creations(world):
        if operation.places and not operation.looks_administrative:
            yield from _add(world, sharing, operation, tries)
    if not attacked and not tries.of:
        raise NothingToAttackError("No operation changes an object that an identity owns.")


def _change(
    world: World, sharing: Sharing, operation: Operation, victim: Actor, params: dict[str, Any]
) -> Iterator[Flaw]:
    request = world.request(operation, world.bob, params)
    thing = thing_of(world, request)
    reading = reading_of(world, operation, victim, params, thing)
    if reading is None:
        return
    before = world.send(victim, reading)
    if not before.ok:
        return
    body = _new_body(world, operation, thing, before)
    sent = world.request(operation, world.bob, params, body)
    theirs = world.send(world.bob, sent)
    if not theirs.ok and (sideways := under_own_parent(world, sent)):
        theirs = world.send(world.bob, sideways)
    if not theirs.ok:
        return
    after = world.send(victim, reading)
    if after.status == 404 and (renamed := _renamed(reading, theirs)):
        after = world.send(victim, renamed)
    leaf = next(taken_over(body, before.answer.json(), after.answer.json()), None)
    if leaf is not None:
        conditions = [
            good(0),
            good(1),
            {"of": 2, "at": [leaf.pointer, leaf.value]},
        ]
        yield flaw(
            theirs,
            f"Bob changes {leaf.key} of what {victim.name.title()} owns, who sees it changed.",
            [before, theirs, after],
            conditions,
        )
    elif OWNER_ACTS.search(operation.last) and (thing is None or not sharing.is_shared(thing)):
        moved = moved_in(before, after)
        if moved:
            conditions = [good(1), {"of": 2, "changed_at": [0, moved]}]
            yield flaw(
                theirs,
                f"Bob acts on what {victim.name.title()} owns: {moved} is another then.",
                [before, theirs, after],
                conditions,
            )


def _add(world: World, sharing: Sharing, operation: Operation, tries: Tries) -> Iterator[Flaw]:
    """The second identity adds something to an object of the first that is kept from it, which the first one sees."""
    place = operation.places[-1]
    params = world.params(operation, world.alice, own=True)
    listing = world.document.operation("GET", operation.path)
    if not params or listing is None:
        return
    outer = world.things.keyed(prefix_of(operation, place), world.alice.name, place, params[place])
    if outer is None or not sharing.is_kept_from_bob(outer):
        return
    tries.expect(1)
    mark = world.mark()
    body = world.body(operation, world.bob, mark)
    theirs = world.send(world.bob, world.request(operation, world.bob, params, body))
    after = world.send(world.alice, world.request(listing, world.alice, params)) if theirs.ok else None
    tries.count()
    if after is not None and after.ok and mark in after.answer.text:
        sentence = "Bob adds to what Alice owns and he is not shown; she sees it."
        yield flaw(theirs, sentence, [theirs, after], [good(0), good(1, contains=mark)], "added")


def _renamed(reading: Request, changed: Exchange) -> Request | None:
    """The reading under the new name that a change gave the object, such as a slug made of its title."""
    found = object_in(changed.answer.json())
    if found is None or not reading.params:
        return None
    place = list(reading.params)[-1]
    thing = Thing(reading.template.rsplit("/", 1)[0], "", changed, found[0], found[1], "")
    key = thing.key(place)
    return replace(reading, params={**reading.params, place: key}) if key is not None else None


def _new_body(world: World, operation: Operation, thing: Thing | None, before: Exchange) -> dict[str, Any]:
    body = world.body(operation, world.bob, world.mark(), whole=operation.method == "PATCH")
    if (
        not body
        and operation.method in ("PUT", "PATCH")
        and thing is not None
        and isinstance(thing.exchange.request.json, dict)
    ):
        texts = {
            key: world.mark()
            for key, value in thing.exchange.request.json.items()
            if isinstance(value, str) and thing.mark in value
        }
        body = {**thing.exchange.request.json, **texts}
    return altered(body, before.answer.json())


def reading_of(
    world: World, operation: Operation, victim: Actor, params: dict[str, Any], thing: Thing | None
) -> Request | None:
    """How the owner looks at what the operation changes."""
    path = operation.base
    for _ in range(READ_AGAIN):
        one = world.document.operation("GET", path)
        if one is not None and (one.places or thing is not None):
            return world.request(one, victim, {place: params[place] for place in one.places})
        path = path.rsplit("/", 1)[0]
    if thing is None:
        return world.witness
    return None
