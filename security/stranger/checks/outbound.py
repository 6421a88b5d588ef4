"""Requests that the target is made to send (OWASP API7), and what it does with the answers of strangers (API10).

A canary listens on loopback; it is all that is ever named, in several notations of its address.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from security.probe.outcome import CouldNotRunError
from security.regression.exchange import Exchange
from security.regression.player import IMPOSSIBLE
from security.stranger.check import NothingToAttackError, Tries
from security.stranger.discovery import creations, overlaid
from security.stranger.finding import Flaw, flaw, good
from security.stranger.leaves import leaves
from security.stranger.operation import Operation, words_of
from security.stranger.things import object_in
from security.stranger.world import World, is_local

URL = re.compile(
    r"\b(urls?|uri|link|href|src|webhook|callback|feed|endpoint|site|website|homepage|avatar|image|picture|source|target|host|hostname|domain|upstream)\b"
)
FETCHING = re.compile(
    r"\b(preview|fetch|import|proxy|webhooks?|callbacks?|hooks?|download|screenshot|check|ping|validate|scrape|crawl|avatar|feed|probe|test|unfurl|sync|integrations?)\b"
)
TRIGGER = re.compile(r"\b(test|ping|deliver|fetch|refresh|sync|run|check|send|trigger|verify|try|retry)\b")
NOTATIONS = (
    "http://127.0.0.1:{port}{path}",
    "http://localhost:{port}{path}",
    "http://2130706433:{port}{path}",
    "http://0x7f000001:{port}{path}",
    "http://[::ffff:127.0.0.1]:{port}{path}",
    "http://0.0.0.0:{port}{path}",
)
GRACE_S, PATIENCE_S = 0.1, 1.2


@dataclass(frozen=True)
class Opening:
    """A place that takes a URL: a property of the body, or a query parameter."""

    operation: Operation
    name: str
    in_query: bool

    @property
    def rank(self) -> tuple[bool, bool]:
        """Places of operations that fetch come first."""
        words = words_of(self.operation.words)
        return not FETCHING.search(self.operation.path_words + " " + words), "url" not in words_of(self.name)


def openings(world: World) -> list[Opening]:
    """Every place that takes a URL, the likeliest first."""
    found = []
    for one in world.document.operations:
        if one.looks_administrative or one in (world.register, world.log_in):
            continue
        properties = list(world.document.schemas.named(one.body.schema)) if one.body else []
        found += [Opening(one, name, False) for name, schema in properties if _takes_url(name, schema)]
        found += [
            Opening(one, each.name, True)
            for each in one.parameters
            if each.place == "query" and _takes_url(each.name, dict(each.schema))
        ]
    return sorted(found, key=lambda one: one.rank)[:8]


def _takes_url(name: str, schema: dict[str, Any]) -> bool:
    return (
        schema.get("type") in ("string", None)
        and "enum" not in schema
        and (schema.get("format") in ("uri", "url") or bool(URL.search(words_of(name))))
    )


def server_side_request(world: World, tries: Tries) -> Iterator[Flaw]:
    """The canary is asked for by the target."""
    places = openings(world)
    if not places:
        raise NothingToAttackError("No operation takes a URL.")
    if not is_local(world.pinned):
        raise CouldNotRunError("The canary listens on loopback, where only targets on this machine reach it.")
    waiting: list[tuple[Opening, Exchange, str]] = []
    for opening in places:
        tries.expect(1)
        seen = list(_sent(world, opening, waiting))
        tries.count()
        yield from seen
    _shake(world, waiting)
    deadline = time.monotonic() + PATIENCE_S
    while waiting and time.monotonic() < deadline:
        for one in [each for each in waiting if each[2] in world.canary.asked]:
            waiting.remove(one)
            yield _asked(one[0], one[1], one[2])
        time.sleep(GRACE_S / 2)


def _sent(world: World, opening: Opening, waiting: list[tuple[Opening, Exchange, str]]) -> Iterator[Flaw]:
    bare = not re.search(r"url|uri|link|href|webhook|callback|feed", words_of(opening.name)) and re.search(
        r"\b(host|hostname|domain)\b", words_of(opening.name)
    )
    for notation in NOTATIONS:
        path = f"/{world.mark()}"
        url = notation.format(port=world.canary.port, path=path)
        exchange = send_url(world, opening, url.removeprefix("http://") if bare else url)
        if exchange is None:
            return
        if _heard(world, path, GRACE_S if exchange.ok else 0.02):
            yield _asked(opening, exchange, path)
            return
        if exchange.ok:
            waiting.append((opening, exchange, path))
            return
        if exchange.status in (401, 403, 404, 405, 429):
            return


def send_url(world: World, opening: Opening, url: str) -> Exchange | None:
    """Put a URL into the place; None where the path can't be filled."""
    actor, operation = world.alice, opening.operation
    params = world.params(operation, actor)
    if params is None:
        return None
    if opening.in_query:
        return world.send(actor, world.request(operation, actor, params, None, {opening.name: url}))
    exchange = None
    for whole in (False, True):
        body = _placed(world.body(operation, actor, world.mark(), whole=whole), opening.name, url)
        exchange = world.send(actor, world.request(operation, actor, params, body))
        if exchange.status not in (400, 422) or not re.search(r"missing|required", exchange.answer.text, re.IGNORECASE):
            break
    return exchange


def _placed(body: Any, name: str, url: str) -> Any:
    """The body with the URL under this name, wherever in it."""
    if isinstance(body, dict):
        made = {
            key: ([url] if isinstance(one, list) else url) if key == name else _placed(one, name, url)
            for key, one in body.items()
        }
        return made if any(leaf.value == url for leaf in leaves(made)) else overlaid(made, {name: url})
    return body


def _heard(world: World, path: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        if path in world.canary.asked:
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.01)


def _asked(opening: Opening, exchange: Exchange, path: str) -> Flaw:
    sentence = f"The target asks for a URL on loopback that was put into {opening.name}."
    return flaw(exchange, sentence, [exchange], [{"canary": path}], opening.name)


def _shake(world: World, waiting: list[tuple[Opening, Exchange, str]]) -> None:
    """Make happen what stored URLs are called for: their own test operations, and something new."""
    for opening, exchange, _ in waiting[:2]:
        found = object_in(exchange.answer.json())
        for one in world.document.operations:
            if (
                one.method == "POST"
                and one.places
                and TRIGGER.search(one.last)
                and one.path.startswith(opening.operation.base)
                and found
            ):
                key = found[1].get("id", next(iter(found[1].values())))
                world.send(world.alice, world.request(one, world.alice, {one.places[-1]: key}))
    if waiting:
        maker = next((one for one in creations(world) if one is not waiting[0][0].operation and not one.places), None)
        if maker is not None:
            world.send(world.alice, world.request(maker, world.alice, {}, world.body(maker, world.alice, world.mark())))


def upstream_redirect(world: World, tries: Tries) -> Iterator[Flaw]:
    """Where the target asks a URL of ours, it also goes where that answer sends it."""
    places = [one for one in openings(world) if any(_named(exchange, one) for exchange in world.exchanges)]
    open_to_us = [one for one in places if _fetched(world, one)]
    if not open_to_us:
        raise NothingToAttackError("No operation asks a URL that a user gives, as far as the canary heard.")
    for opening in open_to_us:
        tries.expect(1)
        path = f"/hop{world.mark()}"
        exchange = send_url(world, opening, NOTATIONS[0].format(port=world.canary.port, path=path))
        tries.count()
        landed = path.replace("/hop", "/landed", 1)
        if exchange is not None and _heard(world, landed, GRACE_S):
            sentence = f"The target goes wherever the answer of the URL in {opening.name} redirects it."
            yield flaw(exchange, sentence, [exchange], [{"canary": landed}], opening.name)


def _named(exchange: Exchange, opening: Opening) -> bool:
    return exchange.request.name == opening.operation.name


def _fetched(world: World, opening: Opening) -> bool:
    return any(_names_asked(world, one) for one in world.exchanges if _named(one, opening))


def _names_asked(world: World, exchange: Exchange) -> bool:
    """Whether the request named a URL that the canary was then asked for."""
    request = exchange.request
    text = str(request.json or request.form or request.text or request.query)
    return any(path in text for path in world.canary.asked)


def upstream_data(world: World, tries: Tries) -> Iterator[Flaw]:
    """What the canary says is taken as it is: a price below zero stands in the target's answer."""
    answered = [(one, exchange) for one in openings(world) for exchange in world.exchanges if _named(exchange, one)]
    heard = [(one, exchange) for one, exchange in answered if exchange.ok and _names_asked(world, exchange)]
    if not heard:
        raise NothingToAttackError("No operation asks a URL that a user gives, as far as the canary heard.")
    for opening, exchange in heard:
        tries.expect(1)
        tries.count()
        sent = {leaf.key for leaf in leaves(exchange.request.json or {})}
        for leaf in leaves(exchange.answer.json()):
            if leaf.value == IMPOSSIBLE and leaf.key not in sent:
                conditions = [good(0), {"of": 0, "at": [leaf.pointer, IMPOSSIBLE]}]
                yield flaw(
                    exchange,
                    f"The answer of a stranger is taken as it is: {leaf.key} is {leaf.value}.",
                    [exchange],
                    conditions,
                    opening.name,
                )
                return
