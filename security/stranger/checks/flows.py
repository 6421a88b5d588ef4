"""Business flows (OWASP API6): what counts once done again, or several times at once, and quantities below zero."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from security.regression.exchange import Exchange, Request
from security.stranger.actor import Actor
from security.stranger.check import NothingToAttackError, Tries
from security.stranger.checks.credentials import leaving
from security.stranger.checks.victims import carol
from security.stranger.discovery import actions, create, creations, overlaid, paths_to, refers, wordings
from security.stranger.finding import Flaw, flaw, good
from security.stranger.leaves import Leaf, leaves, number
from security.stranger.operation import Operation, words_of
from security.stranger.things import REFERENCE
from security.stranger.world import World

ONCE = re.compile(
    r"\b(coupons?|redeem|redemptions?|vouchers?|promo|gift|likes?|votes?|upvote|favou?rites?|claims?|bonus|referrals?"
    r"|check ?in|trial|cashback|refund|discount)\b"
)
# What moves when something counts again: to one's good upwards, or what is to be paid downwards. Spending is no flaw.
UPWARDS = re.compile(
    r"\b(balance|credits?|points|votes?|likes?|score|discount|uses|used|redeemed|wallet|upvotes|favou?rites|refunded)\b"
)
DOWNWARDS = re.compile(r"\b(total|amount due|price|to pay|payable)\b")
NOT_COUNTED = re.compile(r"\b(id|page|per page|limit|offset)\b")
QUANTITY = re.compile(
    r"^((.* )?(quantity|qty|seats|guests|units|nights|copies|tickets|hours|days|people|shares|points|credits|amount"
    r"|price|total))$"
)
PURSE = re.compile(r"\b(wallet|balance|cart|points|credits)\b")
# Where a quantity is paid for or moved: below zero it pays.
SPENDS = re.compile(
    r"\b(orders?|purchases?|buy|cart|basket|checkout|bookings?|reservations?|payments?|transfers?|withdrawals?|deposits?"
    r"|donations?|tips?|bids?|trades?)\b"
)
AT_ONCE = 8
BELOW = -3


def one_time(world: World, tries: Tries) -> Iterator[Flaw]:
    """What may be done once has its effect again, or several times when it is sent at once."""
    operations = [
        one
        for one in (*actions(world), *creations(world))
        if ONCE.search(one.path_words) and not one.looks_administrative and one.method in ("POST", "PUT")
    ]
    if not operations:
        raise NothingToAttackError("No operation looks as if it counted once (coupon, vote, like, claim).")
    for operation in operations:
        # The first identity has objects that a body may have to name; everybody else has none yet.
        actor = world.alice if refers(world, operation) else carol(world) or world.bob
        request = _acting(world, operation, actor)
        if request is None:
            continue
        tries.expect(1)
        yield from _again(world, operation, actor, request, tries)


def _acting(world: World, operation: Operation, actor: Actor) -> Request | None:
    """The request, aimed at the actor's own things where it needs some, or else at anybody's that are shown."""
    params = world.params(operation, actor, own=True)
    if params is None and operation.places:
        maker = next(
            (one for one in creations(world) if operation.is_item_of(one)),
            None,
        )
        if maker is not None:
            create(world, maker, actor)
        params = (
            world.params(operation, actor, own=True)
            or world.params(operation, actor)
            or world.params(operation, world.alice)
        )
    if params is None:
        return None
    body = world.body(operation, actor, world.mark()) if operation.body else None
    return world.request(operation, actor, params, body)


def _again(world: World, operation: Operation, actor: Actor, request: Request, tries: Tries) -> Iterator[Flaw]:
    observers = _observers(world, operation, actor, request)
    before = [world.send(actor, one) for one in observers]
    first = world.send(actor, request)
    if not first.ok:
        return
    between = [world.send(actor, one) for one in observers]
    second = world.send(actor, request)
    tries.count()
    if not second.ok:
        yield from _at_once(world, request, second, operation)
        return
    after = [world.send(actor, one) for one in observers]
    for zero, one, two in zip(before, between, after, strict=True):
        leaf = _same_step(zero, one, two)
        if leaf is not None:
            step = _number(two, leaf.pointer) - _number(one, leaf.pointer)
            conditions: list[dict[str, Any]] = [
                good(2),
                {"of": 3, "further_at": [1, leaf.pointer, abs(step) * 0.99]},
            ]
            yield flaw(
                second,
                f"Done again, it has its effect again: {leaf.key} goes from {_number(zero, leaf.pointer):g} over"
                f" {_number(one, leaf.pointer):g} to {leaf.value}.",
                [first, one, second, two],
                conditions,
            )
            return
    third = world.send(actor, request)
    leaf = _same_step(first, second, third)
    if leaf is not None:
        conditions = [
            good(2),
            {"of": 2, "changed_at": [1, leaf.pointer]},
            {"of": 1, "changed_at": [0, leaf.pointer]},
        ]
        yield flaw(
            second,
            f"Done three times, it has its effect three times: {leaf.key} is {leaf.value} then.",
            [first, second, third],
            conditions,
        )


def _observers(world: World, operation: Operation, actor: Actor, request: Request) -> list[Request]:
    """GETs that may show the effect: the object that is acted on, the account, and single numbers such as a wallet."""
    found: list[Request] = []
    path = operation.base
    while "/" in path.strip("/"):
        path = path.rsplit("/", 1)[0]
        one = world.document.operation("GET", path)
        if one is not None:
            found.append(
                world.request(
                    one, actor, {place: request.params[place] for place in one.places if place in request.params}
                )
            )
            break
    if world.witness is not None:
        found.append(world.witness)
    gets = [one for one in world.document.operations if one.method == "GET" and not one.places]
    found += [world.request(one, actor) for one in gets if PURSE.search(one.path_words)]
    return found[:3]


def _same_step(zero: Exchange, one: Exchange, two: Exchange) -> Leaf | None:
    """A number that moved twice by the same step, in the direction that is to somebody's good."""
    if not (zero.ok and one.ok and two.ok):
        return None
    for leaf in leaves(two.answer.json()):
        way = (
            0
            if NOT_COUNTED.search(leaf.words)
            else 1
            if UPWARDS.search(leaf.words)
            else -1
            if DOWNWARDS.search(leaf.words)
            else 0
        )
        values = [number(exchange.answer.at(leaf.pointer)) for exchange in (zero, one, two)]
        if way and None not in values:
            first, second = (way * ((later or 0) - (earlier or 0)) for earlier, later in itertools.pairwise(values))
            if first > 0 and abs(first - second) < 0.01 * first:
                return leaf
    return None


def _number(exchange: Exchange, pointer: str) -> float:
    found = number(exchange.answer.at(pointer))
    return float("nan") if found is None else found


def _at_once(world: World, request: Request, refused: Exchange, operation: Operation) -> Iterator[Flaw]:
    """One at a time it is refused the second time: somebody else sends it several times at once."""
    if not world.can_register or refused.status >= 500 or world.budget.left < AT_ONCE + 6:
        return
    racer = leaving(world)
    fresh = _acting(world, operation, racer)
    if fresh is None or (fresh.params != request.params and not fresh.params):
        return
    raced = world.send(racer, fresh, repeat=AT_ONCE, parallel=True, patient=False)
    good = sum(200 <= one.status < 300 for one in (raced.answer, *raced.answer.also))
    if good > 1:
        sentence = f"The second time is refused ({refused.status}), but of {AT_ONCE} at once {good} are taken."
        yield flaw(raced, sentence, [raced], [{"of": 0, "successes": 2}], "at once")


def negative_quantity(world: World, tries: Tries) -> Iterator[Flaw]:
    """A quantity or an amount below zero is taken."""
    places = [
        (operation, name)
        for operation in (*creations(world), *actions(world))
        if operation.body is not None and not operation.looks_administrative
        for name, schema in world.document.schemas.named(operation.body.schema)
        if _is_quantity(operation, words_of(name), schema)
    ]
    if not places:
        raise NothingToAttackError("No operation takes a quantity or an amount.")
    for operation, name in sorted(places, key=lambda place: not SPENDS.search(place[0].path_words)):
        yield from _below_zero(world, operation, name, tries)


def _is_quantity(operation: Operation, words: str, schema: Mapping[str, Any]) -> bool:
    """Whether a property counts something: by its name, or as a number where something is bought or moved."""
    kind = schema.get("type")
    if QUANTITY.search(words):
        return kind in ("integer", "number", "string", None)
    counted = kind in ("integer", "number") and REFERENCE.match(words) is None
    return counted and SPENDS.search(operation.path_words) is not None


def _below_zero(world: World, operation: Operation, name: str, tries: Tries) -> Iterator[Flaw]:
    actor, answer = world.alice, None
    for params in paths_to(world, operation, actor):
        tries.expect(1)
        watched = _observers(world, operation, actor, world.request(operation, actor, params))[-2:]
        before = [world.send(actor, one) for one in watched]
        answer = _sent_below_zero(world, operation, name, params)
        tries.count()
        if answer.status not in (403, 404, 409):
            break
    if answer is None or not answer.ok:
        return
    shown = next((leaf for leaf in leaves(answer.answer.json()) if (number(leaf.value) or 0) < 0), None)
    conditions: list[dict[str, Any]] = [good(0)]
    if shown is not None:
        conditions.append({"of": 0, "at": [shown.pointer, shown.value]})
        yield flaw(answer, f"{name}={BELOW} is taken: {shown.key} is {shown.value} then.", [answer], conditions, name)
        return
    for earlier, request in zip(before, watched, strict=True):
        later = world.send(actor, request)
        grown = _grown(earlier, later)
        if grown is not None:
            conditions = [good(1), {"of": 2, "changed_at": [0, grown.pointer]}]
            sentence = f"{name}={BELOW} is taken: {grown.key} is {grown.value} then."
            yield flaw(answer, sentence, [earlier, answer, later], conditions, name)
            return


def _sent_below_zero(world: World, operation: Operation, name: str, params: Mapping[str, Any]) -> Exchange:
    for body, _ in wordings(world, operation, world.alice):
        answer = world.send(world.alice, world.request(operation, world.alice, params, _with(body, name)))
        if answer.ok or answer.status not in (400, 404, 422):
            break
    return answer


def _with(body: Any, name: str) -> Any:
    """The body with the quantity below zero, wherever in it the property stands."""
    if isinstance(body, dict):
        made = {
            key: _below(one) if key == name and not isinstance(one, dict | list) else _with(one, name)
            for key, one in body.items()
        }
        return made if name in str(made) else overlaid(made, {name: BELOW})
    return [_with(one, name) for one in body] if isinstance(body, list) else body


def _below(value: Any) -> Any:
    return f"{BELOW}.00" if isinstance(value, str) else BELOW


def _grown(before: Exchange, after: Exchange) -> Leaf | None:
    for leaf in leaves(after.answer.json()):
        was, now = number(before.answer.at(leaf.pointer)), number(leaf.value)
        if was is not None and now is not None and UPWARDS.search(leaf.words) and now > was:
            return leaf
    return None
