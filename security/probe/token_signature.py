"""Forged session tokens (OWASP API2). Each probe first shows that the victim's true token works, so that a refusal says
something about the forgery and not about the route.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from security.probe import published_key
from security.probe.identity import Identity
from security.probe.json_token import base64url, encoded, identifying, named_by, parts_of
from security.probe.outcome import Verdict, not_applicable, stopped, succeeded
from security.probe.scene import Scene, field_of, require

ALGORITHM_NONE = ("none", "None", "NONE", "nOnE")
KEYS_PATH = "/.well-known/jwks.json"


def token_unsigned(scene: Scene) -> Verdict:
    """The victim's claims under `alg: none`, without a signature."""
    victim = _victim(scene)
    header, claims, _ = parts_of(victim.token)
    forged = (f"{encoded({**header, 'alg': name})}.{encoded(claims)}." for name in ALGORITHM_NONE)
    return _judge(scene, victim, forged, "unsigned tokens (alg: none) with the victim's claims")


def token_tampered(scene: Scene) -> Verdict:
    """The attacker's own token with the victim in its payload and the attacker's signature left as it was."""
    victim, attacker = _victim(scene), scene.people.sign_in()
    _, own, signature = parts_of(attacker.token)
    changed = identifying(victim.token, attacker.token)
    require(changed, "The tokens of two users differ in no claim: the payload can't be made to name the victim.")
    payload = encoded({**own, **changed})
    forged = f"{attacker.token.split('.')[0]}.{payload}.{signature}"
    return _judge(scene, victim, [forged], f"the attacker's token with the victim's {', '.join(sorted(changed))}")


def token_algorithm_swap(scene: Scene) -> Verdict:
    """The victim's claims signed with HMAC under the published public key, in each form that a library may load."""
    published = scene.people.visitor().get(KEYS_PATH)
    jwks = field_of(published, "keys")
    if published.status_code != 200 or not jwks:
        return not_applicable(f"No public key is published: {KEYS_PATH} answers {published.status_code}.")
    keys = list(published_key.encodings(jwks))
    require(keys, f"{KEYS_PATH} holds no public key of a known type.")
    victim = _victim(scene)
    header, claims, _ = parts_of(victim.token)
    message = f"{encoded({**header, 'alg': 'HS256'})}.{encoded(claims)}"
    forged = (f"{message}.{base64url(hmac.new(key, message.encode(), hashlib.sha256).digest())}" for key in keys)
    return _judge(scene, victim, forged, "tokens signed with HS256 under the published public key")


def _victim(scene: Scene) -> Identity:
    victim = scene.people.sign_in()
    require(named_by(scene, victim.token) == victim.username, "The victim's own token is not accepted.")
    return victim


def _judge(scene: Scene, victim: Identity, forged: Iterable[str], what: str) -> Verdict:
    tried = 0
    for token in forged:
        tried += 1
        named = named_by(scene, token)
        if named == victim.username:
            return succeeded(
                f"The target takes {what} for {named}: GET {scene.path('/user')} shows the victim's account."
            )
        require(named is None, f"A forged token was taken for {named}, who is not the victim.")
    require(tried, "No forged token could be made.")
    return stopped(f"The victim's true token is accepted; {what} are refused ({tried} tried).")
