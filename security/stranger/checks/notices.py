"""Notices of third parties, such as a payment provider (OWASP API10): believed though nobody signed them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from security.stranger.check import NothingToAttackError, Tries
from security.stranger.checks.views import moved_in, view
from security.stranger.discovery import creations
from security.stranger.finding import Flaw, flaw, good
from security.stranger.leaves import leaves
from security.stranger.operation import Operation, words_of
from security.stranger.things import Thing
from security.stranger.values import Writing
from security.stranger.world import World

STATES = ("paid", "succeeded", "completed")
STATE = re.compile(r"\b(status|state|event|type|result)\b")
MOST_THINGS = 4
MOST_STATES = 3


def webhook_unsigned(world: World, tries: Tries) -> Iterator[Flaw]:
    """A notice of a third party that nobody signed changes what the first identity owns."""
    hooks = [one for one in world.document.operations if one.hears_notices and one not in creations(world)]
    if not hooks:
        raise NothingToAttackError("The document has no operation for notices of third parties.")
    for operation in hooks:
        for thing in world.things.owned(world.alice.name)[-MOST_THINGS:]:
            body = _notice(world, operation, thing)
            if any(_named(thing, leaf.words) is not None for leaf in leaves(body)):
                tries.expect(1)
                yield from _sent(world, operation, thing, body)
                tries.count()


def _notice(world: World, operation: Operation, thing: Thing) -> dict[str, Any]:
    writing = Writing(world.alice.persona, world.mark(), partial(_named, thing))
    return world.inventor.body(operation.body, writing) if operation.body else {}


def _named(thing: Thing, words: str) -> Any:
    """The thing's id, for a property that is named after it or is a plain reference."""
    fits = words == "id" or re.search(rf"\b({re.escape(thing.noun)}|reference|object|resource)\b", words)
    return thing.key("id") if fits else None


def _sent(world: World, operation: Operation, thing: Thing, body: Mapping[str, Any]) -> Iterator[Flaw]:
    before = view(world, world.alice, thing)
    for state in _states(world, operation):
        answer = world.send(world.anonymous, world.request(operation, world.anonymous, {}, _stated(body, state)))
        after = view(world, world.alice, thing) if answer.ok else None
        moved = moved_in(before, after) if before and after else None
        if moved and before and after:
            sentence = f"A notice without a signature is believed: {moved} of Alice's object is another then."
            yield flaw(answer, sentence, [before, answer, after], [good(1), {"of": 2, "changed_at": [0, moved]}])
            return


def _states(world: World, operation: Operation) -> Sequence[str]:
    """The states that the document gives for the notice, or else those that are usual."""
    named = world.document.schemas.named(operation.body.schema) if operation.body else ()
    given = [one for name, schema in named if STATE.search(words_of(name)) for one in schema.get("enum") or ()]
    return [one for one in given if isinstance(one, str) and "." not in one][:MOST_STATES] or STATES


def _stated(body: Any, state: str) -> Any:
    """The body that says of the thing that it is in this state."""
    if not isinstance(body, dict):
        return body
    return {key: state if _is_state(key, one) else _stated(one, state) for key, one in body.items()}


def _is_state(key: str, value: Any) -> bool:
    """Whether a property names a state; the name of an event, such as `payment.succeeded`, stays."""
    return STATE.search(words_of(key)) is not None and isinstance(value, str) and "." not in value
