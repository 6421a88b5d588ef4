"""Limits that are missing (OWASP API4): the size of a page, of a body, of a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from security.regression.exchange import Exchange
from security.stranger.check import NothingToAttackError, Tries
from security.stranger.discovery import creations, overlaid
from security.stranger.entrances import takes_password
from security.stranger.finding import Flaw, flaw, good
from security.stranger.leaves import leaves, number
from security.stranger.operation import Operation, Parameter, words_of
from security.stranger.things import items_in
from security.stranger.world import World

SIZE = re.compile(
    r"^(limit|per page|page size|size|count|take|top|first|num|n|max results|page limit|results|rows|length)$"
)
OFFSET = re.compile(r"^(offset|skip|start|from)$")
PAGE = re.compile(r"^(page|page number|p)$")
HUGE = 1_000_000
UNBOUNDED = 101  # more items than any usual page has
BIG_CHARACTERS = 3_000_000
MOST_TEXTS = 4
TOO_LARGE = 413
ECHO = "a" * 100_000  # a text that was cut down comes back shorter


def page_size(world: World, tries: Tries) -> Iterator[Flaw]:
    """A list gives as many items as one asks for."""
    places = [
        (operation, parameter)
        for operation in world.document.operations
        if operation.method == "GET" and not operation.looks_administrative
        for parameter in operation.parameters
        if parameter.place == "query" and SIZE.search(words_of(parameter.name))
    ]
    if not places:
        raise NothingToAttackError("No list takes the size of a page.")
    few = 0
    for operation, parameter in places:
        params = world.params(operation, world.alice)
        if params is None:
            continue
        tries.expect(1)
        answer = world.send(world.alice, world.request(operation, world.alice, params, None, {parameter.name: HUGE}))
        tries.count()
        if not answer.ok:
            continue
        count = len(list(items_in(answer.answer.json())))
        echoed = next(
            (leaf for leaf in leaves(answer.answer.json()) if leaf.value == HUGE and SIZE.search(leaf.words)), None
        )
        if count >= UNBOUNDED and not _goes_on(world, operation, parameter, answer, count):
            conditions = [good(0), {"of": 0, "longer_than": UNBOUNDED - 1}]
            yield flaw(
                answer,
                f"{parameter.name}={HUGE} is answered with all {count} items.",
                [answer],
                conditions,
                parameter.name,
            )
        elif echoed:
            conditions = [good(0), {"of": 0, "at": [echoed.pointer, HUGE]}]
            yield flaw(
                answer, f"{parameter.name}={HUGE} is taken: {echoed.key} says so.", [answer], conditions, parameter.name
            )
        elif isinstance(declared := parameter.schema.get("maximum"), int) and count > declared:
            conditions = [good(0), {"of": 0, "longer_than": declared}]
            yield flaw(
                answer,
                f"{parameter.name}={HUGE} is answered with {count} items; the document says {declared} at most.",
                [answer],
                conditions,
                parameter.name,
            )
        elif count < UNBOUNDED and not _cut_down(answer):
            few += 1
    if few and few == tries.done:
        tries.undecided = f"Too few items in {few} lists to see a limit."


def _cut_down(answer: Exchange) -> bool:
    """Whether the answer itself says that a smaller size was used."""
    sizes = [number(leaf.value) for leaf in leaves(answer.answer.json()) if SIZE.search(leaf.words)]
    return any(size is not None and 0 < size < HUGE for size in sizes)


def _goes_on(world: World, operation: Operation, size: Parameter, answer: Exchange, count: int) -> bool:
    """Whether more items follow on the next page: then there is a limit after all."""
    for parameter in operation.parameters:
        words = words_of(parameter.name)
        step = count if OFFSET.search(words) else 2 if PAGE.search(words) else None
        if step is not None:
            query = {**answer.request.query, size.name: HUGE, parameter.name: step}
            more = world.send(world.alice, world.request(operation, world.alice, answer.request.params, None, query))
            return more.ok and any(True for _ in items_in(more.answer.json()))
    return False


def big_body(world: World, tries: Tries) -> Iterator[Flaw]:
    """A text of three million characters is taken."""
    places = sorted(_texts(world), key=lambda place: place[2])[:MOST_TEXTS]
    if not places:
        raise NothingToAttackError("No object with a free text can be made.")
    tries.expect(len(places))
    for operation, name, _ in places:
        params = world.params(operation, world.alice)
        big = overlaid(world.body(operation, world.alice, world.mark()), {name: "a" * BIG_CHARACTERS})
        answer = world.send(world.alice, world.request(operation, world.alice, params, big))
        tries.count()
        if answer.ok and ECHO in answer.answer.text:
            sentence = f"{name} with {BIG_CHARACTERS:,} characters is taken, and comes back."
            yield flaw(answer, sentence, [answer], [good(0), {"of": 0, "contains": ECHO}], name)
            return
        if answer.status == TOO_LARGE:
            tries.count(len(places) - tries.done)  # the whole application has a limit
            return


def _texts(world: World) -> Iterator[tuple[Operation, str, bool]]:
    """Free texts of what can be made, with whether the document bounds their length."""
    for operation in creations(world):
        if world.params(operation, world.alice) is None or operation.body is None or takes_password(world, operation):
            continue
        schemas = dict(world.document.schemas.named(operation.body.schema))
        for leaf in leaves(world.body(operation, world.alice, world.mark())):
            if isinstance(leaf.value, str) and world.nonce in leaf.value and "@" not in leaf.value:
                yield operation, leaf.key, "maxLength" in schemas.get(leaf.key, {})
