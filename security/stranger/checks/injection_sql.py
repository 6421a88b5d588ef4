"""SQL and NoSQL injection (CWE-89, CWE-943): conditions that change an answer, twice; log-ins without password."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from security.regression.exchange import Exchange, Request
from security.regression.player import size_of
from security.stranger.check import NothingToAttackError, Tries
from security.stranger.discovery import overlaid
from security.stranger.enrol import log_in_request, newcomer_at_the_door
from security.stranger.finding import Flaw, flaw, good
from security.stranger.leaves import leaves
from security.stranger.operation import Operation, words_of
from security.stranger.values import Persona
from security.stranger.world import World

NOBODY = "zzqx"
# How a condition is written where a value ends: as text, inside LIKE and parentheses, as a number, as a sort key.
CONTEXTS = (
    NOBODY + "' OR {left}={right} -- ",
    NOBODY + "') OR {left}={right} -- ",
    NOBODY + "' OR '{left}'='{right}",
    NOBODY + '" OR {left}={right} -- ',
    "0 OR {left}={right}",
)
SORTED = "(CASE WHEN {left}={right} THEN 1 ELSE abs(-9223372036854775807-1) END)"
PAIRS = ((7, 8), (23, 32))
LIKELY = re.compile(
    r"^(q|query|search|term|keyword|name|title|filter|category|tag|author|username|user|email|status|type|city|sort"
    r"|order|order by|sort by|slug|code|text|id)$"
)
SORT = re.compile(r"^(sort|order|order by|sort by|ordering|sort field)$")
SIZE = re.compile(r"\b(limit|offset|page|size|per page|count)\b")
MAX_PLACES = 10
MAX_FILTERS = 5
MOST_TEXTS = 2
SEARCH = re.compile(r"\b(search|query|filter|find|lookup)$")


@dataclass(frozen=True)
class Slot:
    """A place of a GET into which text is put: a query or path parameter."""

    operation: Operation
    request: Request
    name: str
    in_path: bool

    def holding(self, value: str) -> Request:
        """The request with this value in the place."""
        if self.in_path:
            return replace(self.request, params={**self.request.params, self.name: value})
        return replace(self.request, query={**self.request.query, self.name: value})


def slots(world: World) -> list[Slot]:
    """Query parameters of GETs first, likely names before others; then parameters of paths."""
    found: list[Slot] = []
    for one in world.document.operations:
        params = world.params(one, world.alice) if one.method == "GET" and not one.looks_administrative else None
        if params is None:
            continue
        request = world.request(one, world.alice, params)
        names = [each.name for each in one.parameters if each.place == "query" and not SIZE.search(words_of(each.name))]
        found += [Slot(one, request, name, False) for name in names]
        found += [Slot(one, request, one.places[-1], True)] if one.is_item else []
    return sorted(found, key=lambda slot: (slot.in_path, not LIKELY.search(words_of(slot.name))))[:MAX_PLACES]


def sql_boolean(world: World, tries: Tries) -> Iterator[Flaw]:
    """A true and a false condition give different answers, twice, with other numbers."""
    places = slots(world)
    if not places:
        raise NothingToAttackError("No GET takes text in its query or path.")
    tries.expect(len(places))
    for slot in places:
        yield from _conditions(world, slot)
        tries.count()


def _conditions(world: World, slot: Slot) -> Iterator[Flaw]:
    control = world.send(world.alice, slot.holding(NOBODY))
    sorting = SORT.search(words_of(slot.name)) is not None
    for context in (SORTED,) if sorting else CONTEXTS:
        left, other = PAIRS[0]
        true = world.send(world.alice, slot.holding(context.format(left=left, right=left)))
        if size_of(true.answer) == size_of(control.answer) and not sorting:
            continue
        false = world.send(world.alice, slot.holding(context.format(left=left, right=other)))
        if size_of(false.answer) == size_of(true.answer):
            continue
        left, other = PAIRS[1]
        again = [
            world.send(world.alice, slot.holding(context.format(left=left, right=right))) for right in (left, other)
        ]
        if size_of(again[0].answer) == size_of(true.answer) and size_of(again[1].answer) == size_of(false.answer):
            conditions = [{"of": 0, "unlike": 1}, {"of": 2, "like": 0}, {"of": 3, "like": 1}]
            sentence = (
                f"In {slot.name} a true condition is answered {_words(true)}, a false one {_words(false)}, twice."
            )
            yield flaw(true, sentence, [true, false, *again], conditions, slot.name)
            return


def _words(exchange: Exchange) -> str:
    status, size = size_of(exchange.answer)
    return f"{status} with {size} values"


def sql_error(world: World, tries: Tries) -> Iterator[Flaw]:
    """A lone quote breaks the statement and a doubled one does not, twice."""
    places = slots(world)
    if not places:
        raise NothingToAttackError("No GET takes text in its query or path.")
    tries.expect(len(places))
    for slot in places:
        lone = world.send(world.alice, slot.holding("x'"))
        tries.count()
        if lone.status < 500 or lone.status == 599:
            continue
        doubled, again, last = (world.send(world.alice, slot.holding(text)) for text in ("x''", "x'", "x''"))
        if again.status >= 500 and doubled.status < 500 and last.status < 500:
            conditions = [
                {"of": 0, "status": [500, 598]},
                {"of": 1, "status": [200, 499]},
                {"of": 2, "status": [500, 598]},
            ]
            sentence = f"A lone quote in {slot.name} is answered {lone.status}, a doubled one {doubled.status}, twice."
            yield flaw(lone, sentence, [lone, doubled, again], conditions, slot.name)


def log_in_bypass(world: World, tries: Tries) -> Iterator[Flaw]:
    """A log-in succeeds without the password: by a comment in the name, or by an operator in place of the password."""
    if world.log_in is None or world.log_in.body is None:
        raise NothingToAttackError("The document has no log-in.")
    visitor = newcomer_at_the_door(world, "visitor")
    victim = world.alice.persona
    wrong = world.send(visitor, log_in_request(world, replace(victim, password="wrong-guess-2")))
    tries.expect(1)
    for name, request in _bypasses(world, victim):
        answer = world.send(visitor, request)
        if answer.ok and not wrong.ok and _signed_in(answer, wrong):
            conditions = [{"of": 0, "status": [400, 499]}, good(1)]
            yield flaw(
                answer, f"{name} logs in without the password.", [wrong, answer], conditions, name, [world.alice.name]
            )
            break
    tries.count()


def _bypasses(world: World, victim: Persona) -> Iterator[tuple[str, Request]]:
    for name in (victim.username, victim.email):
        yield "A comment in the name", log_in_request(world, Persona(f"{name}' -- ", f"{name}' -- ", "wrong-guess-3"))
        request = log_in_request(world, replace(victim, username=name, password="wrong-guess-3"))
        for operator in ({"$ne": "x"}, {"$gt": ""}):
            if isinstance(request.json, dict):
                yield "An operator as password", replace(request, json=_operated(request.json, operator))


def _operated(value: Any, operator: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _operated(one, operator) for key, one in value.items()}
    return dict(operator) if value == "wrong-guess-3" else value


def _signed_in(answer: Exchange, wrong: Exchange) -> bool:
    """Whether the answer holds something that a refusal has not: a credential, or a cookie."""
    texts = [leaf for leaf in leaves(answer.answer.json()) if isinstance(leaf.value, str) and len(leaf.value) >= 8]
    return bool(texts or answer.answer.header("set-cookie")) and answer.answer.text != wrong.answer.text


def nosql_operator(world: World, tries: Tries) -> Iterator[Flaw]:
    """An operator (`name[$ne]=` in the query, `{"$ne": …}` in JSON) changes what a filter gives, twice."""
    places = [*_query_filters(world), *_json_filters(world)][:MAX_FILTERS]
    if not places:
        raise NothingToAttackError("No list takes a filter.")
    tries.expect(len(places))
    for name, holding in places:
        other, same = (world.send(world.alice, holding(operator)) for operator in ("$ne", "$eq"))
        tries.count()
        if not other.ok or size_of(other.answer) == size_of(same.answer):
            continue
        again, last = (world.send(world.alice, holding(operator)) for operator in ("$ne", "$eq"))
        if size_of(other.answer) == size_of(again.answer) and size_of(same.answer) == size_of(last.answer):
            conditions = [{"of": 0, "unlike": 1}, {"of": 2, "like": 0}]
            sentence = f"The operators $ne and $eq in {name} give different answers, twice."
            yield flaw(other, sentence, [other, same, again], conditions, name)


Filter = tuple[str, Callable[[str], Request]]


def _query_filters(world: World) -> list[Filter]:
    """Parameters of GETs, and the request that puts an operator on them."""
    found = [slot for slot in slots(world) if not slot.in_path and not SORT.search(words_of(slot.name))]

    def holding(slot: Slot, operator: str) -> Request:
        query = {name: value for name, value in slot.request.query.items() if name != slot.name}
        return replace(slot.request, query={**query, f"{slot.name}[{operator}]": NOBODY})

    return [(slot.name, partial(holding, slot)) for slot in found]


def _json_filters(world: World) -> list[Filter]:
    """Texts in the bodies of POSTs that search, and the request that puts an operator in their place."""
    found: list[Filter] = []
    for one in world.document.operations:
        if one.method != "POST" or one.places or one.body is None or not SEARCH.search(one.path_words):
            continue
        body = world.body(one, world.alice, world.mark())

        def holding(operation: Operation, body: Mapping[str, Any], name: str, operator: str) -> Request:
            return world.request(operation, world.alice, {}, overlaid(body, {name: {operator: NOBODY}}))

        texts = [(name, schema) for name, schema in world.document.schemas.named(one.body.schema) if _is_text(schema)]
        ranked = sorted(texts, key=lambda pair: "enum" in pair[1])
        found += [(name, partial(holding, one, body, name)) for name, _ in ranked[:MOST_TEXTS]]
    return found


def _is_text(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "string"
