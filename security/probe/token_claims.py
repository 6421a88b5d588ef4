"""Rightly signed tokens that are not good now, or not here (OWASP API2, CWE-613).

The lab signs them. Each probe first shows that a token that is signed in the same way, and says nothing odd, works.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from security.probe.json_token import named_by
from security.probe.outcome import Verdict, stopped, succeeded
from security.probe.scene import Scene, require

HOUR_S = 3600
PLAIN, EXPIRED, EARLY = "that says nothing odd", "that expired an hour ago", "that is valid from an hour on"
OTHER_AUDIENCE, OTHER_ISSUER = "for another audience", "by another issuer"


def token_expired(scene: Scene) -> Verdict:
    """A token that ended an hour ago."""
    return _judge(scene, EXPIRED)


def token_early(scene: Scene) -> Verdict:
    """A token that begins in an hour."""
    return _judge(scene, EARLY)


def token_for_others(scene: Scene) -> Verdict:
    """A token for another service, and one by another issuer."""
    return _judge(scene, OTHER_AUDIENCE, OTHER_ISSUER)


def _judge(scene: Scene, *kinds: str) -> Verdict:
    username = scene.people.bystander().username
    tokens = scene.lab.mint_tokens(username, _kinds())
    require(named_by(scene, tokens[PLAIN]) == username, f"A token {PLAIN} is not accepted.")
    for kind in kinds:
        named = named_by(scene, tokens[kind])
        if named == username:
            return succeeded(f"A token {kind} is taken: GET {scene.path('/user')} shows the account of {named}.")
        require(named is None, f"A token {kind} was taken for {named}, whose it is not.")
    return stopped(f"A token {PLAIN} is accepted; one {' and one '.join(kinds)}, signed with the same key: refused.")


def _kinds() -> Mapping[str, Mapping[str, Any]]:
    """The odd claims of each kind. All are signed at once: a command takes a second."""
    now = int(time.time())
    return {
        PLAIN: {},
        EXPIRED: {"nbf": now - 2 * HOUR_S, "exp": now - HOUR_S},
        EARLY: {"nbf": now + HOUR_S, "exp": now + 2 * HOUR_S},
        OTHER_AUDIENCE: {"aud": "another-service"},
        OTHER_ISSUER: {"iss": "another-issuer"},
    }
