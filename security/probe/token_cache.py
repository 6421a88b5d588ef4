"""A token that is remembered after its owner gave it up (OWASP API2, CWE-613)."""

from __future__ import annotations

import httpx

from security.probe.client import Client
from security.probe.outcome import Verdict, not_applicable, stopped, succeeded
from security.probe.revocation import LOG_OUT, another_token
from security.probe.scene import Scene, field_of, require


def cached_token(scene: Scene) -> Verdict:
    """The owner shows a token, and logs out with it; that token and one that was never shown are tried.

    All on one connection, which stays with one worker.
    """
    owner = scene.register()
    unseen = another_token(scene, owner)
    with scene.people.bearing(owner.token) as client:
        require(_shows(_ask(scene, client), owner.username), "The owner's own token is not accepted.")
        answer = client.request("POST", scene.path(LOG_OUT))
        require(answer.is_success, f"The owner could not log out: {answer.status_code}.")
        seen = _ask(scene, client)
        other = _ask(scene, client, unseen)
    if _shows(other, owner.username):
        return not_applicable("A token that was never shown before is good after the log-out too: that is revocation.")
    require(other.status_code in (401, 403), f"A token that was never shown before answered {other.status_code}.")
    if _shows(seen, owner.username):
        return succeeded(
            f"After the log-out a token that was never shown before is refused ({other.status_code}), and one that "
            f"was shown before still opens the account of {owner.username}."
        )
    require(seen.status_code in (401, 403), f"The token that was shown before answered {seen.status_code}.")
    return stopped(
        f"After the log-out both the token that was shown before and another are refused ({seen.status_code})."
    )


def _ask(scene: Scene, client: Client, token: str | None = None) -> httpx.Response:
    login = scene.target.login
    headers = {login.header: f"{login.scheme} {token}".strip()} if token else None
    return client.get(scene.path("/user"), headers=headers)


def _shows(answer: httpx.Response, username: str) -> bool:
    return answer.status_code == 200 and field_of(answer, "user", "username") == username
