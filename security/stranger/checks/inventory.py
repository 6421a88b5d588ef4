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
MAX_PATHS = 3


def old_versions(world: World, tries: Tries) -> Iterator[Flaw]:
    """An undeclared version of a documented path answers."""
    declared = {one.path for one in world.document.operations}
    seen = _answered(world)
    if not seen:
        raise NothingToAttackError("No GET of the document was answered.")
    silent: set[str] = set()
    for exchange in seen:
        for path, version in _versions(exchange.request.template):
            if path in declared or version in silent:
                continue
            tries.expect(1)
            yield from _asked(world, exchange, path, version, silent)
            tries.count()


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


def _versions(path: str) -> Iterator[tuple[str, str]]:
    """The path as other versions would have it, with the version's name."""
    found = VERSION.search(path)
    if found:
        now = int(found[1])
        for other in [*range(now - 1, -1, -1), now + 1][:3]:
            yield VERSION.sub(f"/v{other}", path, count=1), f"v{other}"
        for name in ("beta", "old", "legacy"):
            yield VERSION.sub(f"/{name}", path, count=1), name
        yield VERSION.sub("", path, count=1), "none"
        return
    head, _, tail = path.strip("/").partition("/")
    for name in ("v1", "v0", "v2", "beta", "old"):
        yield (f"/{head}/{name}/{tail}" if head == "api" and tail else f"/{name}{path}"), name


def _asked(world: World, now: Exchange, path: str, version: str, silent: set[str]) -> Iterator[Flaw]:
    request = replace(now.request, template=path)
    old = world.send(world.alice, request)
    if old.status in (301, 302, 307, 308, 404, 405, 410):
        silent.add(version)
        return
    missing = world.send(
        world.alice,
        Request("GET", re.sub(r"[^/]+$", f"missing-{secrets.token_hex(4)}", path.split("/{", maxsplit=1)[0])),
    )
    if old.ok and told(old.answer.json()) and missing.answer.text != old.answer.text and _alike(old, now):
        sentence = f"{path} is not in the document and answers like {now.request.template}."
        silent.add(version)
        yield replace(flaw(old, sentence, [old], [good(0)], version), path=path)


def _alike(old: Exchange, now: Exchange) -> bool:
    """Whether the two answers are of one kind: they share names of properties."""
    keys, wanted = ({leaf.key for leaf in told(one.answer.json()).values()} for one in (old, now))
    return bool(keys & wanted)
