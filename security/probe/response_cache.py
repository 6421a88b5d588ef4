"""A cache that answers one user with what it kept for another."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from security.probe.client import Client
from security.probe.identity import Identity
from security.probe.outcome import Verdict, stopped, succeeded
from security.probe.scene import Article, Scene, require

REFUSALS = frozenset({401, 403, 404})
CONNECTIONS_PER_WORKER = 4


def cached_draft(scene: Scene) -> Verdict:
    """B is refused A's draft; A reads it; B asks again, as does a visitor."""
    victim, attacker = scene.people.sign_in(), scene.people.sign_in()
    with scene.article(victim, draft=True) as draft:
        before = attacker.client.get(draft.path)
        require(
            not _shows(before, draft),
            "B reads A's draft before any cache can hold it (object_authz is open): nothing can be said of the cache.",
        )
        require(before.status_code in REFUSALS, f"B's first request answered {before.status_code}.")
        for _ in range(2):  # the first round may only fill the cache
            for own in _reads(_connections(scene, victim), draft):
                require(_shows(own, draft), f"A's own draft answers {own.status_code} to A.")
        for after in _reads(_connections(scene, attacker), draft):
            if _shows(after, draft):
                return succeeded(f"B was refused ({before.status_code}); after A had read the draft, B is served it.")
            require(after.status_code in REFUSALS, f"B's second request answered {after.status_code}.")
        if _shows(scene.people.visitor().get(draft.path), draft):
            return succeeded("After A had read the draft, it is served to a visitor without any session.")
        return stopped(f"B is refused before ({before.status_code}) and after A reads the draft, on every connection.")


def _shows(answer: httpx.Response, draft: Article) -> bool:
    return answer.status_code == 200 and draft.marker in answer.text


def _connections(scene: Scene, identity: Identity) -> Iterator[Client]:
    """The identity's connection, and with several workers new ones, so that every worker's cache is met."""
    yield identity.client
    if scene.target.workers > 1:
        for _ in range(CONNECTIONS_PER_WORKER * scene.target.workers):
            yield scene.people.bearing(identity.token, identity.client.source)


def _reads(clients: Iterator[Client], draft: Article) -> Iterator[httpx.Response]:
    return (client.get(draft.path) for client in clients)
