"""Who sees what: the owner's own view of an object, and whether somebody else's answer shows the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from security.regression.exchange import Exchange, Request
from security.stranger.actor import Actor
from security.stranger.leaves import Leaf, leaves
from security.stranger.operation import PRIVATE_LIST, Operation, words_of
from security.stranger.things import IDS, Thing, items_in
from security.stranger.world import World

MOST = 0.7
VOLATILE = re.compile(r"\b(at|time|timestamp|date|updated|last|request id|trace|etag|nonce|expires)\b")
PERSONAL = re.compile(
    r"\b(e ?mail|phone|mobile|address|street|birth|born|dob|ssn|iban|balance|salary|income|card|password|hash|secret"
    r"|token|api ?key|medical|diagnosis|passport|tax)\b"
)
# Collections that are nobody else's business even where no word of the document says so.
PRIVATE_NOUNS = {
    "order",
    "invoice",
    "payment",
    "note",
    "message",
    "draft",
    "address",
    "card",
    "wallet",
    "transaction",
    "statement",
    "prescription",
    "receipt",
    "transfer",
    "diary",
    "secret",
    "letter",
    "cart",
    "subscription",
    "webhook",
}


def told(answer: Any) -> dict[tuple[str, str], Leaf]:
    """What an answer tells, by key and text, without what changes by itself."""
    return {
        (one.key, str(one.value)): one
        for one in leaves(answer)
        if one.value not in (None, "", True, False) and not VOLATILE.search(one.words)
    }


def shows(exchange: Exchange, view: Exchange, marks: list[str]) -> bool:
    """Whether an answer shows what the owner sees: most of its values, and one that is only this object's."""
    if not exchange.ok:
        return False
    text, owner = exchange.answer.text, view.answer.text
    own = [mark for mark in marks if mark and mark in owner]
    if not any(mark in text for mark in own):
        return False
    expected = told(view.answer.json())
    if not expected:
        return text == owner
    return len(expected.keys() & told(exchange.answer.json()).keys()) >= MOST * len(expected)


def marks_of(world: World, owner: Actor, request: Request) -> list[str]:
    """Texts that tell this owner's object from others: its marks and ids, and who owns it."""
    values = [str(value) for value in (*request.params.values(), *request.query.values())]
    things = [thing for thing in world.things.owned(owner.name) if any(_names(thing, value) for value in values)]
    marks = [thing.mark for thing in things if thing.mark]
    return [*marks, owner.persona.username, owner.persona.email, *(value for value in values if len(value) > 5)] + (
        [] if marks else values
    )


def _names(thing: Thing, value: str) -> bool:
    """Whether a value is a key of the thing, and not merely some number in it."""
    return value in {str(one) for key, one in thing.data.items() if words_of(key).split(" ")[-1] in IDS}


class Sharing:
    """Which things the application itself shows to the second identity, or to anybody."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lists: dict[tuple[str, str], Exchange | None] = {}

    def lists(self, thing: Thing, actor: Actor) -> tuple[Operation, Exchange] | None:
        """The list of the thing's collection as this actor sees it."""
        operation = self._world.document.operation("GET", thing.collection)
        if operation is None:
            return None
        key = (thing.collection, actor.name)
        if key not in self._lists:
            self._lists[key] = self._world.send(actor, self._world.request(operation, actor, thing.params))
        found = self._lists[key]
        return (operation, found) if found else None

    def listed_to(self, thing: Thing, actor: Actor) -> Exchange | None:
        """The list that shows the thing to this actor, if it does."""
        found = self.lists(thing, actor)
        if found is None or not found[1].ok:
            return None
        return found[1] if any(_is(thing, one) for _, one in items_in(found[1].answer.json())) else None

    def is_private(self, thing: Thing) -> bool:
        """Whether the words of the document, or what it is, say that a list of it is its owner's own."""
        operation = self._world.document.operation("GET", thing.collection)
        spoken = words_of(f"{operation.words} {operation.path}") if operation else ""
        return thing.noun in PRIVATE_NOUNS or bool(PRIVATE_LIST.search(spoken))

    def is_kept_from_bob(self, thing: Thing) -> bool:
        """Whether the second identity has a list of such things, and neither it nor a visitor finds this one there."""
        found = self.lists(thing, self._world.bob)
        answered = found is not None and found[1].ok
        return answered and not any(self.listed_to(thing, one) for one in (self._world.bob, self._world.anonymous))

    def is_shared(self, thing: Thing) -> bool:
        """Whether others see it by design: it is listed to them, and nothing says that the list is private."""
        if self.listed_to(thing, self._world.anonymous):
            return True
        return self.listed_to(thing, self._world.bob) is not None and not self.is_private(thing)


def _is(thing: Thing, one: Mapping[str, Any]) -> bool:
    if thing.mark and any(thing.mark in str(leaf.value) for leaf in leaves(one)):
        return True
    return any(
        words_of(key) in ("id", "uuid", "slug", "_id") and one.get(key) == value for key, value in thing.data.items()
    )


def thing_of(world: World, request: Request) -> Thing | None:
    """The owned thing that the last parameter of a request names; none where that is an account."""
    if request.params and not request.query:
        place = list(request.params)[-1]
        collection = request.template.split(f"/{{{place}}}")[0]
        if world.names_identity(collection, place):
            return None
        own = world.things.keyed(collection, world.alice.name, place, request.params[place])
        if own is not None:
            return own
    values = [*request.query.values(), *request.params.values()]
    if not values:
        return None
    value = str(values[-1])
    return next((one for one in reversed(world.things.owned(world.alice.name)) if _names(one, value)), None)


def view(world: World, actor: Actor, thing: Thing) -> Exchange | None:
    """What this actor sees of a thing: the object itself, or else the list that it stands in."""
    for one in world.document.operations:
        if one.method == "GET" and one.is_item and one.parent == thing.collection:
            key = thing.key(one.places[-1])
            return world.send(actor, world.request(one, actor, {**thing.params, one.places[-1]: key}))
    listing = world.document.operation("GET", thing.collection)
    return world.send(actor, world.request(listing, actor, thing.params)) if listing else None


def altered(body: Mapping[str, Any], before: Any) -> dict[str, Any]:
    """The body with numbers and switches set to something else than the owner sees now."""
    now = {one.key: one.value for one in leaves(before)}

    def other(key: str, value: Any) -> Any:
        match value:
            case dict():
                return {name: other(name, one) for name, one in value.items()}
            case bool():
                return not now[key] if isinstance(now.get(key), bool) else value
            case int() | float() if now.get(key) == value and not key.lower().endswith("id"):
                return value + 1
            case _:
                return value

    return {key: other(key, value) for key, value in body.items()}


def taken_over(body: Mapping[str, Any], before: Any, after: Any) -> Iterator[Leaf]:
    """Values of the body that the owner sees afterwards and did not see before, under the same key."""
    sent = {(one.key, str(one.value)) for one in leaves(body) if one.value not in (None, "")}
    was = set(told(before))
    yield from (leaf for pair, leaf in told(after).items() if pair in sent and pair not in was)


def moved_in(before: Exchange, after: Exchange) -> str | None:
    """The place of a value that is another now, among those that do not change by themselves."""
    if not after.ok or not before.ok:
        return None
    was = {one.pointer: one.value for one in leaves(before.answer.json()) if not VOLATILE.search(one.words)}
    now = {one.pointer: one for one in leaves(after.answer.json())}
    return next((pointer for pointer, value in was.items() if pointer in now and now[pointer].value != value), None)
