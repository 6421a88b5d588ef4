"""Writes that were acknowledged and are gone after a crash (CWE-662)."""

from __future__ import annotations

import time

import httpx

from security.probe.client import Client
from security.probe.outcome import CouldNotRunError, Verdict, not_applicable, stopped, succeeded
from security.probe.scene import Scene, field_of, new_marker, require

#: Each round kills the oldest of the workers, which is the one that had acknowledged last in one of two.
ROUNDS = 5
BACK_S, LOOK_S = 10.0, 0.05


def acknowledged_lost(scene: Scene) -> Verdict:
    """Write articles until a worker is killed right after it has acknowledged one; look whether all are still there."""
    if scene.target.workers < 2:
        return not_applicable("One worker alone would be the server itself; two are needed, of which one is killed.")
    author = scene.people.sign_in()
    for number in range(1, ROUNDS + 1):
        paths = [_written(scene, author.client) for _ in range(3)]
        scene.lab.kill()
        lost = [path for path in paths if _status(author.client, path) == 404]
        if lost:
            return succeeded(f"{len(lost)} of {len(paths)} articles that were acknowledged are gone after a worker was "
                             f"killed (round {number}).")  # fmt: skip
        for path in paths:
            author.client.request("DELETE", path)
    return stopped(f"All {3 * ROUNDS} articles that were acknowledged are there after {ROUNDS} kills of a worker.")


def _written(scene: Scene, client: Client) -> str:
    words = {"title": f"Probe {new_marker()}", "description": "A probe's", "body": "A probe's", "draft": True}
    answer = client.request("POST", scene.path("/articles"), json={"article": words})
    slug = field_of(answer, "article", "slug")
    require(answer.status_code == 201 and isinstance(slug, str), f"An article was answered {answer.status_code}.")
    return scene.path(f"/articles/{slug}")


def _status(client: Client, path: str) -> int:
    """What is answered once the target serves again."""
    end = time.monotonic() + BACK_S
    while True:
        try:
            return client.get(path).status_code
        except httpx.TransportError as error:
            if time.monotonic() > end:
                raise CouldNotRunError(f"The target does not come back after a kill: {error}") from None
            time.sleep(LOOK_S)
