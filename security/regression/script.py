"""Turns exchanges into a script that the player can play anywhere: values taken from answers become places again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from security.regression.exchange import Exchange, TakenNumber, TakenText

LONG_RUN = re.compile(r"(.)\1{9999,}", re.DOTALL)
# Conditions that compare with another step, whose number must move along.
COMPARING = {"like", "unlike", "same_at", "changed_at", "further_at", "slower_by"}


@dataclass(frozen=True)
class Proof:
    """The exchanges of an attack and the conditions under which they show a flaw; `of` counts from the first one.

    `needs` names actors who must be there though they send nothing, such as the owner of a guessed account; `after` are
    exchanges that no condition speaks of, such as those that made what a list then holds.
    """

    exchanges: Sequence[Exchange]
    flaw: Sequence[Mapping[str, Any]]
    needs: Sequence[str] = ()
    after: Sequence[Exchange] = ()


@dataclass(frozen=True)
class Wording:
    """What stands for what in a script: `setup` gives the exchanges that made an actor, `places` text for text."""

    setup: Callable[[str], Sequence[Exchange]]
    places: Mapping[str, str] = field(default_factory=dict)


def script_of(proof: Proof, wording: Wording) -> dict[str, Any]:
    """The script of a proof, with everything that its exchanges rest on before them."""
    steps = sorted({*_needed(proof, wording.setup), *proof.exchanges}, key=lambda one: one.number)
    index: dict[Exchange, int] = {exchange: at for at, exchange in enumerate(steps)}
    moved = [index[exchange] for exchange in proof.exchanges]
    return {
        "steps": [_step(exchange, index, wording.places) for exchange in steps],
        "flaw": [_moved(condition, moved, index, wording.places) for condition in proof.flaw],
    }


def _needed(proof: Proof, setup: Callable[[str], Sequence[Exchange]]) -> set[Exchange]:
    """What the exchanges and conditions take values from, and what made their actors, however far back."""
    exchanges = proof.exchanges
    compared = [leaf.origin.exchange for leaf in _leaves(proof.flaw) if isinstance(leaf, TakenText | TakenNumber)]
    made = [one for name in proof.needs for one in setup(name)]
    found: set[Exchange] = {one for one in (*compared, *made, *proof.after) if one not in exchanges}
    waiting = [*exchanges, *found]
    while waiting:
        exchange = waiting.pop()
        for one in (*setup(exchange.who), *(taken.origin.exchange for taken in _taken(exchange))):
            if one not in found and one not in exchanges:
                found.add(one)
                waiting.append(one)
    return found


def _taken(exchange: Exchange) -> Iterator[TakenText | TakenNumber]:
    request = exchange.request
    for part in (request.params, request.query, request.headers, request.json, request.form, exchange.credential):
        yield from (leaf for leaf in _leaves(part) if isinstance(leaf, TakenText | TakenNumber))


def _leaves(value: object) -> Iterator[object]:
    match value:
        case Mapping():
            for item in value.values():
                yield from _leaves(item)
        case list() | tuple():
            for item in value:
                yield from _leaves(item)
        case _:
            yield value


def _step(exchange: Exchange, index: Mapping[Exchange, int], places: Mapping[str, str]) -> dict[str, Any]:
    request = exchange.request

    def worded(value: Any) -> Any:
        return _worded(value, index, places)

    path = request.template
    for name, value in request.params.items():
        plain = worded(value)
        path = path.replace(f"{{{name}}}", str(plain) if plain != value else quote(str(value), safe=""))
    headers = {**request.headers, **exchange.credential.get("headers", {})}
    query = {**request.query, **exchange.credential.get("query", {})}
    step = {"who": exchange.who, "method": request.method, "path": path}
    optional = {
        "query": worded(query),
        "headers": worded(headers),
        "json": worded(request.json),
        "form": worded(request.form),
        "text": worded(request.text),
        "repeat": exchange.repeat if exchange.repeat > 1 else None,
        "parallel": exchange.parallel or None,
    }
    return step | {name: value for name, value in optional.items() if value not in (None, {})}


def _worded(value: Any, index: Mapping[Exchange, int], places: Mapping[str, str]) -> Any:
    match value:
        case TakenText() | TakenNumber() if value.origin.exchange in index:
            return f"«{index[value.origin.exchange]}{value.origin.place}»"
        case str():
            return _replaced(value, places)
        case Mapping():
            return {key: _worded(item, index, places) for key, item in value.items()}
        case list() | tuple():
            joined = [_worded(item, index, places) for item in value]
            # A tuple is one text in pieces, such as a scheme and a token.
            return "".join(map(str, joined)) if isinstance(value, tuple) else joined
        case _:
            return value


def _replaced(text: str, places: Mapping[str, str]) -> str:
    text = LONG_RUN.sub(lambda run: f"«repeat {run[1]} {len(run[0])}»", text)
    for literal, place in sorted(places.items(), key=lambda pair: -len(pair[0])):  # a name may be part of a key
        text = text.replace(literal, place)
    return text


def _moved(
    condition: Mapping[str, Any], to: Sequence[int], index: Mapping[Exchange, int], places: Mapping[str, str]
) -> dict[str, Any]:
    def moved(name: str, argument: Any) -> Any:
        if name == "of" or (name in COMPARING and isinstance(argument, int)):
            return to[argument]
        if name in COMPARING:
            return [to[argument[0]], *argument[1:]]
        return _worded(argument, index, places)

    return {name: moved(name, argument) for name, argument in condition.items()}


def lines_of(exchanges: Iterable[Exchange]) -> str:
    """The exchanges in a few words each, for evidence."""
    return "; ".join(exchange.line() for exchange in exchanges)
