"""JSON Web Tokens (RFC 7519), taken apart and put together, and whom a target takes their bearer for."""

from __future__ import annotations

import base64
import json
from typing import Any, NamedTuple

from security.probe.identity import Identity
from security.probe.outcome import CouldNotRunError
from security.probe.scene import Scene, field_of, require

# Claims that say when or which, not who.
NOT_IDENTITY = frozenset({"iat", "exp", "nbf", "jti"})


class Parts(NamedTuple):
    """Header, claims and the signature as it stands in the token."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signature: str


def parts_of(token: str) -> Parts:
    """The parts of a token; raises `CouldNotRunError` where it is none."""
    try:
        first, second, signature = token.split(".")
        header, claims = json.loads(decoded(first)), json.loads(decoded(second))
    except ValueError as error:
        raise CouldNotRunError(f"The target's token is no JSON Web Token: {error}.") from error
    require(isinstance(header, dict) and isinstance(claims, dict), "The target's token is no JSON Web Token.")
    return Parts(header, claims, signature)


def encoded(part: dict[str, Any]) -> str:
    """A header or claims as they stand in a token."""
    return base64url(json.dumps(part, separators=(",", ":")).encode())


def base64url(data: bytes) -> str:
    """Base64url without its padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(piece: str) -> bytes:
    """The bytes of base64url without its padding."""
    return base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4))


def number_of(user: Identity) -> str:
    """The user's number, as the user's own token has it."""
    number = parts_of(user.token).claims.get("sub")
    require(isinstance(number, str) and number.isdigit(), "The token does not tell the user's number.")
    return str(number)


def identifying(theirs: str, ours: str) -> dict[str, Any]:
    """The claims in which another user's token differs from one's own, but for those that say when and which."""
    own = parts_of(ours).claims
    return {
        name: value
        for name, value in parts_of(theirs).claims.items()
        if name not in NOT_IDENTITY and own.get(name) != value
    }


def named_by(scene: Scene, token: str) -> str | None:
    """Whom the target takes the bearer of this token for; None where it refuses."""
    with scene.people.bearing(token) as client:
        answer = client.get(scene.path("/user"))
    if answer.status_code in (401, 403):
        return None
    name = field_of(answer, "user", "username")
    if answer.status_code != 200 or not isinstance(name, str):
        raise CouldNotRunError(f"GET {scene.path('/user')} answered {answer.status_code} to a token.")
    return name
