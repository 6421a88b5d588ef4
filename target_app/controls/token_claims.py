"""When and for whom a session token is good.

A token says whose it is (`sub`, the user's id as a string), which version of the user's tokens (`ver`), from when to
when it is good (`nbf`, `exp`, s since 1970), for whom (`aud`) and by whom it was made (`iss`). All levels write the
same claims and differ in what they look at. The signature is checked before.
"""

import math
import time
from collections.abc import Mapping
from typing import Any, Protocol

from target_app.controls.model import Factor, Kit, Level, StaticFinding
from target_app.web.errors import ApiError

ISSUER = "conduit"
AUDIENCE = "conduit-api"
LIFETIME_S = 24 * 3600
Claims = Mapping[str, Any]


class TokenClaims(Protocol):
    """Judges the claims of a token whose signature was accepted."""

    def check(self, claims: Claims) -> None:
        """Raises ApiError 401 where the token is not for this server, or not for this moment."""


def claims(user_id: int, version: int = 0) -> dict[str, Any]:
    """The claims of a new token."""
    now = int(time.time())
    return {
        "sub": str(user_id),
        "ver": version,
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME_S,
        "aud": AUDIENCE,
        "iss": ISSUER,
    }


def number(value: Any) -> float:
    """A number as it is, and anything else, `true` too, as one with which every comparison fails."""
    return value if type(value) in {int, float} else math.nan


def refused() -> ApiError:
    """The answer to a token that is not accepted."""
    return ApiError(401, {"token": ["is invalid"]})


class Unchecked:
    """Whatever is signed is good for ever."""

    def __init__(self, _kit: Kit) -> None:
        return None

    def check(self, _claims: Claims) -> None:
        """Nothing is looked at."""
        return


class Checked:
    """Decides, and counts."""

    def __init__(self, kit: Kit) -> None:
        self._allow = kit.metrics.decision("token_claims", "allow")
        self._deny = kit.metrics.decision("token_claims", "deny")

    def check(self, claims: Claims) -> None:
        """What this level looks at must hold."""
        if not self.good(claims, time.time()):
            self._deny()
            raise refused()
        self._allow()

    def good(self, claims: Claims, now: float) -> bool:
        """Whether the claims are good at that moment, in s since 1970."""
        raise NotImplementedError


class ExpOnly(Checked):
    """Tokens end. Whom they are for is not asked: another service's, signed with the same key, are taken too."""

    def good(self, claims: Claims, now: float) -> bool:
        """Not over yet."""
        return now < number(claims.get("exp"))


class ExpAudIssNbf(Checked):
    """All that a token says of its use must be there, and hold."""

    def good(self, claims: Claims, now: float) -> bool:
        """Begun, not over, for this server, by this server."""
        return (
            number(claims.get("nbf")) <= now < number(claims.get("exp"))
            and claims.get("aud") == AUDIENCE
            and claims.get("iss") == ISSUER
        )


TOKEN_CLAIMS: Factor[TokenClaims] = Factor(
    name="token_claims",
    kind="control",
    threat="A token is used after its end, before its beginning, or where it was not meant for",
    owasp=("API2",),
    asvs=("9.2.1",),
    cwe=("613",),
    cost_hypothesis="About 1 µs per signed-in request: four look-ups and comparisons of what was decoded anyway",
    journeys=("signed_in_reader", "author"),
    levels=(
        Level(
            "unchecked",
            "weak",
            "what is signed is good for ever",
            Unchecked,
            trips=("token_expired", "token_early", "token_for_others"),
            static_findings=(StaticFinding("R274", "target_app/controls/token_claims.py", "Unchecked.check"),),
        ),
        Level(
            "exp_only",
            "weak",
            "the end is looked at, not the beginning, the audience or the issuer",
            ExpOnly,
            trips=("token_early", "token_for_others"),
        ),
        Level("exp_aud_iss_nbf", "strong", "beginning, end, audience and issuer must be there and hold", ExpAudIssNbf),
    ),
)
