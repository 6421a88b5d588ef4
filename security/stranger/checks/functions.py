"""Operations that are not for plain users (OWASP API5): declared ones, by another method, and undeclared ones."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from security.regression.exchange import Exchange, Request
from security.stranger.actor import Actor
from security.stranger.check import NothingToAttackError, Tries
from security.stranger.checks.victims import carol
from security.stranger.checks.views import told
from security.stranger.discovery import UNSAFE
from security.stranger.finding import Flaw, flaw, good
from security.stranger.operation import Operation, words_of
from security.stranger.world import IDENTITIES, World

BY_OTHER_MEANS = 4  # operations after which only the declared way is tried
OTHER_METHODS = ("GET", "POST", "PUT")
# Guessable names, beside where the document's own operations are.
HIDDEN = (
    "/admin/users",
    "/internal/users",
    "/ops/users",
    "/users/all",
    "/users/export",
    "/admin",
    "/admin/stats",
    "/admin/config",
    "/internal",
    "/internal/stats",
    "/ops",
    "/export",
    "/admin/export",
    "/backup",
    "/debug/users",
    "/private",
)
# A path in running text or JSON: two parts at least, or one of the guessable names.
SPOKEN = re.compile(r"(?<![\w/.:<])(/(?:admin|internal|debug|(?:[\w-]+/)+)[\w-]+/?)(?![\w/{:.-])")
STATIC = re.compile(r"\.(html|js|css|png|ico|txt)$|/(docs|openapi|swagger|static|health|metrics)\b")
MOST_HINTED = 6
ACCEPTED: dict[str, Any] = good(0)


def admin_operations(world: World, tries: Tries) -> Iterator[Flaw]:
    """Administrative operations answer a plain identity."""
    operations = [one for one in world.document.operations if one.looks_administrative]
    if not operations:
        raise NothingToAttackError("No operation of the document looks administrative.")
    for operation in sorted(operations, key=lambda one: one.method != "GET"):
        if operation.method == "DELETE" and not world.destructive:
            continue
        victim = _victim(world, operation)
        params = world.params(operation, victim) if victim else None
        if params is None or (
            operation.method != "GET" and UNSAFE.search(operation.path_words) and not operation.places
        ):
            continue
        tries.expect(1)
        yield from _called(world, operation, params, tries)
        tries.count()


def _victim(world: World, operation: Operation) -> Actor | None:
    """Whom an administrative operation is aimed at: nobody who is still needed, where it is not reading."""
    return world.alice if operation.method == "GET" else carol(world) or world.bob


def _called(world: World, operation: Operation, params: dict[str, Any], tries: Tries) -> Iterator[Flaw]:
    body = world.body(operation, world.bob, world.mark()) if operation.body else None
    request = world.request(operation, world.bob, params, body)
    answer = world.send(world.bob, request)
    if answer.status in (400, 422) and operation.body:
        whole = world.body(operation, world.bob, world.mark(), whole=True)
        answer = world.send(world.bob, world.request(operation, world.bob, params, whole))
    if _answered(answer):
        yield flaw(answer, "A plain identity may call an administrative operation.", [answer], [ACCEPTED])
    elif answer.status in (401, 403) and tries.of <= BY_OTHER_MEANS:
        yield from _by_other_means(world, operation, request, answer)


def _answered(answer: Exchange) -> bool:
    return answer.ok and (
        answer.status == 204
        or bool(told(answer.answer.json()))
        or answer.request.method != "GET"
        or len(answer.answer.text) > 40
    )


def _by_other_means(world: World, operation: Operation, request: Request, refused: Exchange) -> Iterator[Flaw]:
    """The same by an undeclared method, or under a path that a router may read alike."""
    declared = {one.method for one in world.document.operations if one.base == operation.base}
    others: list[Request] = [replace(request, template=_other_slash(request.template))]
    if operation.method == "GET":
        others += [
            replace(request, headers={**request.headers, "X-HTTP-Method-Override": "GET"}, method="POST", json={})
        ]
    others += [
        replace(request, method=one) for one in OTHER_METHODS if one not in declared and operation.method != "GET"
    ]
    for other in others:
        answer = world.send(world.bob, other)
        if answer.ok and _answered(answer) and not _is_anything(world, answer):
            conditions = [{"of": 0, "status": [401, 403]}, good(1)]
            made = flaw(
                answer,
                f"{operation.name} is refused, and {answer.request.name} is not.",
                [refused, answer],
                conditions,
                answer.request.method,
            )
            yield replace(made, method=operation.method, path=operation.path)
            return


def _other_slash(path: str) -> str:
    return path.rstrip("/") if path.endswith("/") else path + "/"


def _is_anything(world: World, answer: Exchange) -> bool:
    """Whether a path that does not exist is answered alike."""
    missing = replace(answer.request, template=f"/missing-{secrets.token_hex(4)}", params={})
    other = world.send(world.bob, missing)
    return other.status == answer.status and other.ok


def bases(world: World) -> list[str]:
    """What the paths of the document begin with: nothing, and what most of them share (`/api`, `/api/v1`)."""
    paths = [one.path for one in world.document.operations]
    first = "/" + paths[0].strip("/").split("/")[0]
    shared = [
        prefix
        for prefix in (first, "/".join(paths[0].split("/")[:3]))
        if sum(path.startswith(prefix + "/") for path in paths) > len(paths) * 0.6
    ]
    return list(dict.fromkeys([*reversed(shared), ""]))[:2]


def hidden_operations(world: World, tries: Tries) -> Iterator[Flaw]:
    """Paths that nobody declared, but that anybody may guess or read of, answer a plain identity."""
    declared = {one.base for one in world.document.operations}
    found, accounts = 0, _accounts(world)
    for path in _hinted(world, declared):
        tries.expect(1)
        answer = world.send(world.bob, Request("GET", path))
        tries.count()
        if answer.ok and _answered(answer) and not _is_anything(world, answer):
            found += 1
            yield flaw(
                answer,
                "An operation that is spoken of and not declared answers a plain identity.",
                [answer],
                [ACCEPTED],
            )
    for base in bases(world):
        missing = world.send(world.bob, Request("GET", f"{base}/missing-{secrets.token_hex(4)}"))
        for tail in HIDDEN:
            path = base + tail.replace("users", accounts)
            if path in declared or _is_item_of(declared, path) or found > 2:
                continue
            tries.expect(1)
            answer = world.send(world.bob, Request("GET", path))
            tries.count()
            if (
                answer.ok
                and answer.status != missing.status
                and _answered(answer)
                and "text/html" not in answer.answer.header("content-type")
            ):
                found += 1
                yield flaw(
                    answer,
                    "An operation that the document does not declare answers a plain identity.",
                    [answer],
                    [ACCEPTED],
                )


def _accounts(world: World) -> str:
    """What the application calls its users in paths."""
    words = [word for one in world.document.operations for word in one.path_words.split(" ")]
    return next((word for word in words if word in IDENTITIES and word.endswith("s")), "users")


def _hinted(world: World, declared: set[str]) -> list[str]:
    """Paths that the document's words, the first page or `robots.txt` speak of."""
    pages = [world.send(world.anonymous, Request("GET", path)) for path in ("/", "/robots.txt")]
    said = [one.words for one in world.document.operations] + [one.answer.text[:20_000] for one in pages if one.ok]
    paths = {found.rstrip("/") for text in said for found in SPOKEN.findall(text)}
    chosen = sorted(
        path
        for path in paths
        if path not in declared and not _is_item_of(declared, path) and not UNSAFE.search(words_of(path))
    )
    return [path for path in chosen if not STATIC.search(path)][:MOST_HINTED]


def _is_item_of(declared: set[str], path: str) -> bool:
    """Whether the path is an item of a declared one, such as `/users/{id}`."""
    return any(re.fullmatch(re.sub(r"\\\{[^/]+\\\}", "[^/]+", re.escape(one)), path) for one in declared)
