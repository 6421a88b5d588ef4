"""A cache that answers one user with what it kept for another."""

from __future__ import annotations

import httpx

from security.probe.client import Client
from security.probe.outcome import Verdict, not_applicable, stopped, succeeded
from security.probe.scene import Article, Scene, require

REFUSALS = frozenset({401, 403, 404})
# Other traffic may empty a cache between two requests, and each worker may have a cache of its own.
ROUNDS_PER_WORKER = 4


def cached_draft(scene: Scene) -> Verdict:
    """B is refused A's draft; A reads it; B and a visitor ask again at once. Several times, on new connections."""
    victim, attacker = scene.people.sign_in(), scene.people.sign_in()
    with scene.article(victim, draft=True) as draft:
        before = _ask(attacker.client, draft)
        if _shows(before, draft):
            return not_applicable(
                "B reads A's draft before any cache can hold it: that is object_authz, not the cache."
            )
        require(before.status_code in REFUSALS, f"B's first request answered {before.status_code}.")
        for _ in range(ROUNDS_PER_WORKER * scene.target.workers):
            own = _ask(scene.people.bearing(victim.token, victim.client.source), draft)
            require(_shows(own, draft), f"A's own draft answers {own.status_code} to A.")
            readers = {
                "B": scene.people.bearing(attacker.token, attacker.client.source),
                "a visitor": scene.people.visitor(),
            }
            for who, reader in readers.items():
                after = _ask(reader, draft)
                if _shows(after, draft):
                    return succeeded(f"B was refused ({before.status_code}); after A had read it, {who} is served it.")
                require(after.status_code in REFUSALS, f"The draft answers {after.status_code} to {who}.")
        return stopped(f"B is refused before ({before.status_code}) and after A reads the draft, and so is a visitor.")


def _ask(client: Client, draft: Article) -> httpx.Response:
    return client.get(draft.path, fresh=False)


def _shows(answer: httpx.Response, draft: Article) -> bool:
    return answer.status_code == 200 and draft.marker in answer.text
