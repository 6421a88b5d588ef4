"""What else is there (OWASP API9): older versions beside the documented one, and methods that nobody declared."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import replace

from security.regression.exchange import Exchange, Request
from security.stranger.check import NothingToAttackError, Tries
from security.stranger.checks.views import told
from security.stranger.finding import Flaw, flaw, good
from security.stranger.world import World

VERSION = re.compile(r"/v(\d+)(?=/)")
MAX_PATHS = 6


def old_versions(world: World, tries: Tries) -> Iterator[Flaw]:
    """An undeclared version of a documented path answers."""
    declared = {one.base for one in world.document.operations}
    seen = _answered(world)
    if not seen:
        raise NothingToAttackError("No GET of the document was answered.")
    found: set[str] = set()
    for at, exchange in enumerate(seen):
        for path, version in _versions(exchange.request.template, likely=at > 0):
            if path.rstrip("/") in declared or version in found:
                continue
            tries.expect(1)
            for one in _asked(world, exchange, path, version):
                found.add(version)
                yield one
            tries.count()


def retired_operations(world: World, tries: Tries) -> Iterator[Flaw]:
    """What the document says is gone answers."""
    gone = [one for one in world.document.operations if one.retired and one.method == "GET"]
    if not gone:
        raise NothingToAttackError("The document names no operation that is gone.")
    for operation in gone:
        params = world.params(operation, world.alice)
        if params is None:
            continue
        tries.expect(1)
        answer = world.send(world.alice, world.request(operation, world.alice, params))
        tries.count()
        if answer.ok and told(answer.answer.json()):
            yield flaw(answer, "The document says that this is gone, and it answers.", [answer], [good(0)])


def _answered(world: World) -> list[Exchange]:
    """Answered GETs that differ in path, signed-in ones with content first."""
    gets = [
        one
        for one in world.exchanges
        if one.request.method == "GET"
        and one.ok
        and told(one.answer.json())
        and world.document.operation("GET", one.request.template)
    ]
    by_path = {one.request.template: one for one in gets if one.who in ("alice", "anonymous")}
    return sorted(by_path.values(), key=lambda one: (one.who != "alice", len(one.request.template)))[:MAX_PATHS]


def _versions(path: str, *, likely: bool) -> Iterator[tuple[str, str]]:
    """The path as other versions would have it, with the version's name; the likely ones alone, or all."""
    found = VERSION.search(path)
    if found:
        now = int(found[1])
        for other in range(now - 1, max(-1, now - 2 if likely else now - 4), -1):
            yield VERSION.sub(f"/v{other}", path, count=1), f"v{other}"
        for name in () if likely else ("beta", "old", "legacy"):
            yield VERSION.sub(f"/{name}", path, count=1), name
        if not likely:
            yield VERSION.sub("", path, count=1), "none"
        return
    head, _, tail = path.strip("/").partition("/")
    for name in ("v1",) if likely else ("v1", "v0", "v2", "beta", "old"):
        yield (f"/{head}/{name}/{tail}" if head == "api" and tail else f"/{name}{path}"), name


def _asked(world: World, now: Exchange, path: str, version: str) -> Iterator[Flaw]:
    old = world.send(world.alice, replace(now.request, template=path))
    if not old.ok or not told(old.answer.json()) or not _alike(old, now):
        return
    folder = path.split("/{", maxsplit=1)[0]
    missing = world.send(world.alice, Request("GET", re.sub(r"[^/]+$", f"missing-{secrets.token_hex(4)}", folder)))
    if missing.answer.text != old.answer.text:
        sentence = f"{path} is not in the document and answers like {now.request.template}."
        yield replace(flaw(old, sentence, [old], [good(0)], version), path=path)


def _alike(old: Exchange, now: Exchange) -> bool:
    """Whether the two answers are of one kind: they share names of properties."""
    keys, wanted = ({leaf.key for leaf in told(one.answer.json()).values()} for one in (old, now))
    return bool(keys & wanted)
