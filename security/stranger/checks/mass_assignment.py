"""Properties that a user must not set (OWASP API3): sent with registration, creation and update, then read back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from security.regression.exchange import Exchange
from security.stranger.actor import Actor
from security.stranger.check import NothingToAttackError, Tries
from security.stranger.checks.views import view
from security.stranger.discovery import create, creations, home, overlaid, sent_creation
from security.stranger.enrol import NoIdentityError, beside_password, newcomer
from security.stranger.finding import Flaw, flaw, good
from security.stranger.leaves import Leaf, leaves, number
from security.stranger.operation import Operation, words_of
from security.stranger.things import Thing
from security.stranger.world import World

MAX_OBJECTS = 8
RANK = re.compile(
    r"^(role|roles|is admin|admin|is staff|staff|is superuser|superuser|is moderator|permissions|access level|user type"
    r"|account type|privilege|group)$"
)
ACCOUNT = re.compile(
    r"^((is |email |phone )?(verified|approved|premium|vip|trusted)|is premium|(account )?balance|credits?|points|plan"
    r"|tier|wallet|subscription|quota"
    r"|(credit )?limit|discount|loyalty points|kyc status|status)$"
)
OBJECT = re.compile(
    r"^((owner|user|author|account|customer|creator|seller|organi[sz]ation|tenant)( id)?|created by"
    r"|(unit |total )?(price|total|amount|cost)|(is )?(paid|approved|verified|featured|premium|refunded|shipped)|status"
    r"|state|payment status|approval status|balance|discount"
    r"|role|score|likes|votes|views|stock)$"
)
# Where the document says nothing of the request, only these are surely not for its sender to set.
PLAIN = re.compile(
    r"^((owner|user|author|creator|seller)( id)?|created by|(is )?(paid|approved|verified|featured))$|balance|credits"
)
COMMON = {"role": "admin", "is_admin": True, "isAdmin": True, "admin": True, "is_staff": True}
RANKS = ("admin", "administrator", "superuser", "staff", "manager", "moderator", "owner")
STATES = ("paid", "approved", "completed", "active", "shipped", "published", "verified", "closed")
NUMBER = 1337
PERSON = re.compile(r"\b(owner|user|author|account|customer|creator|seller|created by)\b")
AMOUNT = re.compile(r"\b(balance|credits?|points|price|total|amount)\b")


def account_properties(world: World, tries: Tries) -> Iterator[Flaw]:
    """Rank, balance and the like at registration and at the update of one's own account."""
    visible = _visible(world)
    yield from _at_registration(world, visible, tries)
    for operation in _own_updates(world):
        yield from _at_update(world, operation, visible, tries)
    if not tries.of:
        raise NothingToAttackError("Neither a registration nor an update of one's own account is known.")


def _visible(world: World) -> dict[str, Any]:
    """The properties of an account as the first identity sees them: what its own answers show of it."""
    shown: dict[str, Any] = {}
    for exchange in world.alice.setup:
        shown |= {leaf.key: leaf.value for leaf in leaves(exchange.answer.json())}
    if world.witness is not None:
        exchange = world.send(world.alice, world.witness)
        shown |= {leaf.key: leaf.value for leaf in leaves(exchange.answer.json())}
    return shown


def _wanted(world: World, operation: Operation, shown: Mapping[str, Any], fits: re.Pattern[str]) -> dict[str, Any]:
    """What to put in: properties that answers and schemas show and the request does not offer, and the common ones."""
    offered = {name for name, _ in world.document.schemas.named(operation.body.schema)} if operation.body else set()
    answers = dict(world.document.schemas.named(operation.answer))
    chosen: dict[str, Any] = {}
    for name in (*shown, *answers):
        words = words_of(name)
        closed = name not in offered if offered else PLAIN.search(words) is not None
        if RANK.search(words) or (fits.search(words) and closed):
            value = _other(world, words, shown.get(name), answers.get(name, {}))
            if value is not None:
                chosen.setdefault(name, value)
    return chosen


def _other(world: World, words: str, now: Any, schema: Mapping[str, Any]) -> Any:
    """A value that this property does not have by itself, or None."""
    if PERSON.search(words) and not isinstance(now, bool):
        return world.bob.facts.get("id" if isinstance(now, int) or words.endswith("id") else "username")
    if now is None:
        return _first(words, schema)
    return _different(words, now, schema)


def _first(words: str, schema: Mapping[str, Any]) -> Any:
    """A value for a property that no answer has shown yet."""
    if schema.get("type") == "boolean" or re.match(r"(is|admin)\b", words):
        return True
    if schema.get("type") in ("integer", "number") or AMOUNT.search(words):
        return NUMBER
    return _word(words, "", schema)


def _different(words: str, now: Any, schema: Mapping[str, Any]) -> Any:
    match now:
        case bool():
            return not now
        case int() | float():
            return type(now)(now + NUMBER)
        case list():
            return ["admin"]
        case str():
            amount = number(now)
            return _word(words, now, schema) if amount is None else f"{amount + NUMBER:.2f}"
    return None


def _word(words: str, now: str, schema: Mapping[str, Any]) -> str:
    """A rank or state that is more than the present one, out of those that the document names."""
    options = [str(one) for one in schema.get("enum") or () if one != now]
    likely = [one for one in (RANKS if RANK.search(words) else STATES) if one != now]
    return next((one for one in likely if one in options), options[-1] if options else likely[0])


def _at_registration(world: World, shown: Mapping[str, Any], tries: Tries) -> Iterator[Flaw]:
    operation = world.register
    if operation is None or not world.can_register:
        return
    wanted = {**COMMON, **_wanted(world, operation, shown, ACCOUNT)}
    tries.expect(1)
    mallory = None
    for letter, extra in (("m", wanted), ("o", {name: wanted[name] for name in wanted if name in shown})):
        try:
            mallory = newcomer(world, "mallory", letter, extra)
            break
        except NoIdentityError:
            continue
    tries.count()
    if mallory is None:
        return
    world.identities.append(mallory)
    exchanges = [*mallory.setup, *([world.send(mallory, world.witness)] if world.witness else [])]
    for exchange in reversed(exchanges):
        found = _set(exchange, wanted, shown)
        if found:
            at = mallory.setup[0] if mallory.setup[0].request.method == "POST" else mallory.setup[-1]
            yield _flaw(_registration_of(world, mallory, at), found, exchange, [])
            return


def _registration_of(world: World, actor: Actor, otherwise: Exchange) -> Exchange:
    name = world.register.name if world.register else ""
    return next((one for one in actor.setup if one.request.name == name), otherwise)


def _set(exchange: Exchange, wanted: Mapping[str, Any], shown: Mapping[str, Any]) -> Leaf | None:
    """A property that now has the value that was put in, and otherwise has not."""
    if not exchange.ok:
        return None
    for leaf in leaves(exchange.answer.json()):
        value = wanted.get(leaf.key)
        value = value[0] if isinstance(value, list) and value else value
        same = leaf.value == value and isinstance(value, type(leaf.value))
        if value is not None and same and shown.get(leaf.key) != value:
            return replace(leaf, value=value)
    return None


def _flaw(at: Exchange, found: Leaf, seen: Exchange, before: list[Exchange]) -> Flaw:
    exchanges = [*before, seen] if seen is at else [*before, at, seen]
    step = len(exchanges) - 1
    conditions = [good(step), {"of": step, "at": [found.pointer, found.value]}]
    sentence = f"{found.key} was put into the request and is {found.value!r} when it is read back."
    return flaw(at, sentence, exchanges, conditions, found.key)


def _own_updates(world: World) -> list[Operation]:
    found = []
    for one in world.document.operations:
        if one.method not in ("PUT", "PATCH") or one.looks_administrative or "password" in one.path_words:
            continue
        own = not one.places and one.last in ("me", "profile", "account", "user", "self", "settings")
        named = one.is_item and len(one.places) == 1 and world.names_identity(one.parent, one.places[0])
        if own or named:
            found.append(one)
    return found


def _at_update(world: World, operation: Operation, shown: Mapping[str, Any], tries: Tries) -> Iterator[Flaw]:
    actor = next((one for one in world.identities if one.name == "carol"), world.bob)
    params = world.params(operation, actor, own=True)
    reading = world.witness or _reading(world, operation, params, actor)
    if params is None or reading is None:
        return
    before = world.send(actor, reading)
    now = {leaf.key: leaf.value for leaf in leaves(before.answer.json())}
    wanted = {**COMMON, **_wanted(world, operation, {**shown, **now}, ACCOUNT)}
    tries.expect(1)
    for extra in (wanted, {name: wanted[name] for name in wanted if name in now}):
        body = beside(_kept(world, operation, actor), extra)
        sent = world.send(actor, world.request(operation, actor, params, body))
        if sent.ok:
            after = world.send(actor, reading)
            found = _set(after, extra, now)
            if found:
                yield _flaw(sent, found, after, [before])
                break
    tries.count()


def _reading(world: World, operation: Operation, params: Mapping[str, Any] | None, actor: Actor) -> Any:
    one = world.document.operation("GET", operation.path)
    return world.request(one, actor, params) if one and params is not None else None


def _kept(world: World, operation: Operation, actor: Actor) -> dict[str, Any]:
    """An update that leaves name, address and password as they are."""
    body = world.body(operation, actor, world.mark())
    return {
        name: value for name, value in body.items() if operation.method == "PUT" or "password" not in words_of(name)
    }


def beside(body: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Further properties beside those of the body, inside its envelope where it has one."""
    return beside_password(body, extra) if any("password" in words_of(name) for name in body) else overlaid(body, extra)


def object_properties(world: World, tries: Tries) -> Iterator[Flaw]:
    """Owner, price, state and the like at the creation and the update of an object."""
    things = {thing.collection: thing for thing in world.things.owned(world.alice.name)}
    for collection, thing in list(things.items())[:MAX_OBJECTS]:
        maker = next((one for one in creations(world) if home(world, one) == collection), None)
        if maker is not None:
            yield from _at_creation(world, maker, thing, tries)
        for one in world.document.operations:
            if one.method in ("PUT", "PATCH") and one.is_item and one.parent == collection:
                yield from _at_change(world, one, thing, tries)
    if not tries.of:
        raise NothingToAttackError("No object is known whose answers show a property that its requests do not offer.")


def _at_creation(world: World, maker: Operation, thing: Thing, tries: Tries) -> Iterator[Flaw]:
    wanted = _wanted(world, maker, thing.data, OBJECT)
    if not wanted:
        return
    tries.expect(1)
    made = create(world, maker, world.alice, wanted)
    tries.count()
    if made is None:
        return
    shown = view(world, world.alice, made)
    for seen in (shown, made.exchange):
        found = _set(seen, wanted, thing.data) if seen else None
        if found and seen:
            yield _flaw(made.exchange, found, seen, [])
            return


def _at_change(world: World, operation: Operation, thing: Thing, tries: Tries) -> Iterator[Flaw]:
    params = {**thing.params, operation.places[-1]: thing.key(operation.places[-1])}
    before = view(world, world.alice, thing)
    if before is None or not before.ok:
        return
    now = {leaf.key: leaf.value for leaf in leaves(before.answer.json())}
    wanted = _wanted(world, operation, {name: now.get(name) for name in thing.data}, OBJECT)
    if not wanted:
        return
    tries.expect(1)
    sent, _ = sent_creation(world, operation, world.alice, params, wanted)
    tries.count()
    after = view(world, world.alice, thing) if sent is not None and sent.ok else None
    found = _set(after, wanted, now) if after else None
    if found and sent and after:
        yield _flaw(sent, found, after, [before])
