"""Tokens that their owner gave up (OWASP API2, CWE-613).

The token that is tried afterwards was never shown before: that a cache remembers one that was is `token_cache.py`'s.
"""

from __future__ import annotations

import hmac
import time
from dataclasses import replace

from security.probe.identity import Identity
from security.probe.json_token import named_by
from security.probe.outcome import CouldNotRunError, Verdict, stopped, succeeded
from security.probe.scene import Scene, require
from security.probe.target import Account

LOG_OUT = "/users/logout"
# Together more than a second, in which a token's times are counted.
ATTEMPTS, PAUSE_S = 5, 0.3


def token_after_log_out(scene: Scene) -> Verdict:
    """The owner, signed in twice, logs out; the other token is tried on every worker."""
    owner = scene.register()
    stolen = another_token(scene, owner)
    _log_out(scene, owner)
    return _judge(scene, stolen, owner.account, "logged out")


def token_after_password_change(scene: Scene) -> Verdict:
    """The owner, signed in twice, changes the password; the other token is tried on every worker."""
    owner = scene.register()
    stolen = another_token(scene, owner)
    changed = replace(owner.account, password=f"{owner.account.password}-changed")
    require(named_by(scene, owner.token) == owner.username, "The owner's own token is not accepted.")
    body = {"user": {"password": changed.password}}
    answer = owner.client.request("PUT", scene.path("/user"), json=body)
    require(answer.is_success, f"The owner could not change the password: {answer.status_code}.")
    return _judge(scene, stolen, changed, "changed the password")


def _log_out(scene: Scene, owner: Identity) -> None:
    require(named_by(scene, owner.token) == owner.username, "The owner's own token is not accepted.")
    answer = owner.client.request("POST", scene.path(LOG_OUT))
    require(answer.is_success, f"The owner could not log out: {answer.status_code}.")


def another_token(scene: Scene, owner: Identity) -> str:
    """A second token of the account, which nobody has shown: two of the same second may be one and the same."""
    for _ in range(ATTEMPTS):
        token = scene.people.sign_in(owner.account).token
        if not hmac.compare_digest(token, owner.token):
            return token
        time.sleep(PAUSE_S)
    raise CouldNotRunError("Each log-in of the account gives the same token: there is no second one.")


def _judge(scene: Scene, stolen: str, owner: Account, act: str) -> Verdict:
    taken = sum(named_by(scene, stolen) == owner.username for _ in range(scene.connections))
    if taken:
        return succeeded(
            f"The owner {act}; another token of the account is then taken on {taken} of {scene.connections} new "
            f"connections: GET {scene.path('/user')} shows the account of {owner.username}."
        )
    again = scene.people.sign_in(owner)
    require(named_by(scene, again.token) == owner.username, f"After the owner {act}, a new token is refused too.")
    return stopped(
        f"The owner {act}; another token of the account is then refused on all of {scene.connections} new connections, "
        "and that of a new log-in accepted."
    )
