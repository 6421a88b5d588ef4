"""Session tokens: what they say, signed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from target_app.controls.model import Kit
from target_app.controls.signing_key import SIGNING_KEY
from target_app.controls.token_claims import TOKEN_CLAIMS, TokenClaims, claims, refused
from target_app.controls.token_signature import TOKEN_SIGNATURE, TokenSignature
from target_app.schema import LARGEST_INTEGER
from target_app.tuning.token_cache import TokenCache
from target_app.users.session import Session


class SessionTokens:
    """Writes tokens and reads them."""

    def __init__(self, signature: TokenSignature, claims_: TokenClaims, cache: TokenCache) -> None:
        self._sign = signature.sign
        self._verified = cache.verifying(signature.verified)
        self._check = claims_.check
        #: Public keys in JWK form, for `/.well-known/jwks.json`; empty where the key is a shared secret.
        self.published_keys: Sequence[dict[str, Any]] = signature.published_keys

    def write(self, session: Session, changes: Mapping[str, Any] | None = None) -> str:
        """A token; `changes` are claims to put in place of the usual ones, for a lab."""
        return self._sign(claims(*session) | dict(changes or {}))

    def read(self, token: str) -> Session:
        """What a token stands for. Raises ApiError 401 where it is not accepted."""
        found = self._verified(token)
        self._check(found)
        return Session(subject(found), version(found))


def subject(found: Mapping[str, Any]) -> int:
    """The user's id in the claims. Raises ApiError 401 where it is none."""
    text = found.get("sub")
    if isinstance(text, str) and text.isascii() and text.isdigit() and int(text[:20]) <= LARGEST_INTEGER:
        return int(text[:20])
    raise refused()


def version(found: Mapping[str, Any]) -> int:
    """The version in the claims; tokens from before there were versions have the first. Raises ApiError 401."""
    number = found.get("ver", 0)
    if type(number) is int:  # not True, which is one too
        return number
    raise refused()


def session_tokens(treatment: Mapping[str, str], kit: Kit, cache: TokenCache) -> SessionTokens:
    """Tokens as the treatment's levels have them."""
    signed = replace(kit, keys=SIGNING_KEY.build(treatment, kit))
    return SessionTokens(TOKEN_SIGNATURE.build(treatment, signed), TOKEN_CLAIMS.build(treatment, kit), cache)
