"""How the application was set up (OWASP API8): errors that tell internals, debug pages, foreign origins, TRACE."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from security.regression.exchange import Exchange, Request
from security.stranger.check import Tries
from security.stranger.checks.functions import bases
from security.stranger.checks.leaks import LEAKS, leaks_in
from security.stranger.finding import Flaw, flaw, good
from security.stranger.operation import Operation
from security.stranger.world import World

MALFORMED = 12
MOST = 4
EVIL = "https://evil.example"
ODD = "x'\"\\<>%s"
# Paths that should not be there, and what shows that they are.
DEBUG = (
    ("/debug", r"."),
    ("/debug/vars", r"."),
    ("/debug/config", r"."),
    ("/debug/routes", r"."),
    ("/_debug", r"."),
    ("/__debug__/", r"."),
    ("/console", r"(?i)werkzeug|console"),
    ("/.env", r"(?m)^[A-Z_]+="),
    ("/.git/config", r"\[core\]"),
    ("/actuator/env", r"propertySources"),
    ("/actuator", r"_links"),
    ("/config", r"(?i)secret|password|key|debug|database"),
    ("/env", r"(?i)secret|password|key|path"),
    ("/phpinfo.php", r"PHP Version"),
    ("/server-status", r"Apache"),
    ("/docs", r"(?i)swagger-ui|redoc"),
    ("/redoc", r"(?i)redoc"),
    ("/swagger", r"(?i)swagger-ui"),
    ("/api-docs", r"(?i)swagger-ui"),
)


def error_leak(world: World, tries: Tries) -> Iterator[Flaw]:
    """Malformed requests, and every error of the run so far, are read for internals."""
    for request in itertools.islice(_malformed(world), min(MALFORMED, world.budget.left)):
        world.send(world.alice, request)
    errors = [one for one in world.exchanges if one.status >= 400 and one.status != 599]
    tries.expect(len(errors))
    tries.count(len(errors))
    told: set[str] = set()
    for exchange in errors:
        found = [what for what in leaks_in(exchange.answer.text) if not _echoed(exchange, what)]
        if found and exchange.request.template not in told and len(told) < MOST:
            told.add(exchange.request.template)
            conditions = [{"of": 0, "status": [400, 599]}, {"of": 0, "matches": _pattern(found[0])}]
            yield flaw(exchange, f"An error ({exchange.status}) shows {', '.join(found)}.", [exchange], conditions)


def _pattern(what: str) -> str:
    pattern = LEAKS[what]
    flags = "".join(letter for letter, flag in (("m", re.MULTILINE), ("s", re.DOTALL)) if pattern.flags & flag)
    text = pattern.pattern
    if text.startswith("(?i)"):
        text, flags = text.removeprefix("(?i)"), flags + "i"
    return f"(?{flags}){text}" if flags else text


def _echoed(exchange: Exchange, what: str) -> bool:
    """Whether the internals are only what the request itself said."""
    request = exchange.request
    return bool(LEAKS[what].search(f"{request.path} {request.query} {request.json} {request.form} {request.text}"))


def _malformed(world: World) -> Iterator[Request]:
    """Requests that no careful client sends, of different kinds in turn."""
    kinds = (_broken_json, _wrong_types, _odd_path, _odd_query, _list_body)
    operations = [one for one in world.document.operations if not one.looks_administrative and one.method != "DELETE"]
    made = [[request for one in operations if (request := kind(world, one)) is not None] for kind in kinds]
    for row in range(max((len(one) for one in made), default=0)):
        yield from (one[row] for one in made if row < len(one))


def _filled(world: World, operation: Operation) -> Request | None:
    params = world.params(operation, world.bob) if operation.method != "GET" else world.params(operation, world.alice)
    return world.request(operation, world.alice, params) if params is not None else None


def _takes_json(operation: Operation) -> bool:
    return operation.body is not None and "json" in operation.body.media_type


def _broken_json(world: World, operation: Operation) -> Request | None:
    request = _filled(world, operation) if _takes_json(operation) else None
    return (
        replace(request, text='{"broken": ', headers={**request.headers, "content-type": "application/json"})
        if request
        else None
    )


def _wrong_types(world: World, operation: Operation) -> Request | None:
    request = _filled(world, operation) if _takes_json(operation) else None
    names = world.document.schemas.properties(operation.body.schema) if operation.body else {}
    return replace(request, json={name: {"a": [None]} for name in names}) if request and names else None


def _list_body(world: World, operation: Operation) -> Request | None:
    request = _filled(world, operation) if _takes_json(operation) else None
    return replace(request, json=[1]) if request else None


def _odd_path(world: World, operation: Operation) -> Request | None:
    if not operation.places or operation.method != "GET":
        return None
    return world.request(operation, world.alice, dict.fromkeys(operation.places, ODD))


def _odd_query(world: World, operation: Operation) -> Request | None:
    request = _filled(world, operation) if operation.method == "GET" else None
    names = [one.name for one in operation.parameters if one.place == "query"]
    return replace(request, query=dict.fromkeys(names, ODD)) if request and names else None


def debug_pages(world: World, tries: Tries) -> Iterator[Flaw]:
    """Debug pages, configuration and interactive documentation answer a visitor."""
    declared = {one.base for one in world.document.operations}
    for base in bases(world):
        missing = world.send(world.anonymous, Request("GET", f"{base}/missing-{secrets.token_hex(4)}"))
        for tail, shows in DEBUG if not base else DEBUG[:4]:
            if base + tail in declared:
                continue
            tries.expect(1)
            answer = world.send(world.anonymous, Request("GET", base + tail))
            tries.count()
            if answer.ok and not missing.ok and re.search(shows, answer.answer.text):
                conditions = [good(0), {"of": 0, "matches": shows}]
                yield flaw(answer, "A page that should not be there answers a visitor.", [answer], conditions)


def foreign_origin(world: World, tries: Tries) -> Iterator[Flaw]:
    """Any origin is allowed to read answers with the user's credential."""
    request = _some_get(world)
    for origin in (EVIL, "null"):
        tries.expect(1)
        answer = world.send(world.alice, replace(request, headers={**request.headers, "Origin": origin}))
        tries.count()
        headers = answer.answer
        if (
            headers.header("access-control-allow-origin") == origin
            and headers.header("access-control-allow-credentials") == "true"
        ):
            conditions = [
                {"of": 0, "header": ["access-control-allow-origin", f"^{re.escape(origin)}$"]},
                {"of": 0, "header": ["access-control-allow-credentials", "^true$"]},
            ]
            sentence = f"The origin {origin} may read answers with the user's credential."
            # The whole application is set up so, whichever answer shows it.
            yield replace(flaw(answer, sentence, [answer], conditions, "origin"), method="GET", path="/")
            return


def _some_get(world: World) -> Request:
    if world.witness is not None:
        return world.witness
    gets = [one for one in world.exchanges if one.request.method == "GET" and one.ok and not one.request.params]
    return gets[0].request if gets else Request("GET", "/")


def trace_method(world: World, tries: Tries) -> Iterator[Flaw]:
    """TRACE sends the request back, credentials and all."""
    tries.expect(1)
    mark = world.mark()
    answer = world.send(world.anonymous, Request("TRACE", _some_get(world).path, headers={"X-Probe": mark}))
    tries.count()
    if answer.ok and mark in answer.answer.text:
        conditions: list[dict[str, Any]] = [good(0), {"of": 0, "contains": mark}]
        yield replace(flaw(answer, "TRACE sends the request's headers back.", [answer], conditions), path="/")
