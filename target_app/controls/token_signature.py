"""Who signed a session token, and whether anybody checks. The strong levels accept one algorithm each."""

import base64
import hmac
import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import jwt
import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.api_jws import PyJWS

from target_app.controls.model import Factor, Kit, Level, StaticFinding
from target_app.controls.token_claims import Claims, refused


class TokenSignature(Protocol):
    """Signs claims, and gives those of a token back."""

    @property
    def published_keys(self) -> Sequence[dict[str, Any]]:
        """Public keys in JWK form, for `/.well-known/jwks.json`; empty where the key is a shared secret."""

    def sign(self, claims: dict[str, Any]) -> str:
        """A token with these claims."""

    def verified(self, token: str) -> Claims:
        """The claims of a token. Raises ApiError 401 where its signature is not accepted."""


def claims_in(payload: bytes) -> Claims:
    """The claims in a token's payload, a JSON object. Raises ApiError 401."""
    try:
        found = orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise refused() from None
    if not isinstance(found, dict):
        raise refused()
    return found


class Verified:
    """One algorithm, and a fixed list of one to verify with."""

    def __init__(
        self,
        algorithm: str,
        kit: Kit,
        *,
        signing_key: Any,
        verifying_key: Any,
        published_keys: list[dict[str, Any]],
    ) -> None:
        self._algorithm = algorithm
        self._signing_key = signing_key
        self._verifying_key = verifying_key
        self._codec = PyJWS([algorithm])
        self._allow = kit.metrics.decision("token_signature", "allow")
        self._deny = kit.metrics.decision("token_signature", "deny")
        self.published_keys = published_keys

    def sign(self, claims: dict[str, Any]) -> str:
        """Sign with the one algorithm."""
        return jwt.encode(claims, self._signing_key, self._algorithm)

    def verified(self, token: str) -> Claims:
        """Verify with the one algorithm."""
        try:
            payload = self._codec.decode(token, self._verifying_key, [self._algorithm])
        except jwt.InvalidTokenError:
            self._deny()
            raise refused() from None
        self._allow()
        return claims_in(payload)


class Unverified:
    """Reads the payload and believes it: `verify_signature` was switched off for a test and stayed off."""

    published_keys: tuple[dict[str, Any], ...] = ()

    def __init__(self, kit: Kit) -> None:
        self._secret = kit.keys.hmac_secret()

    def sign(self, claims: dict[str, Any]) -> str:
        """Sign with HS256."""
        return jwt.encode(claims, self._secret, "HS256")

    def verified(self, token: str) -> Claims:
        """Read, do not verify."""
        try:
            claims: Claims = jwt.decode(token, options={"verify_signature": False})
        except jwt.InvalidTokenError:
            raise refused() from None
        return claims


class AcceptsNone:
    """Lets the token's header say that there is no signature (RFC 7519, unsecured JWT)."""

    published_keys: tuple[dict[str, Any], ...] = ()

    def __init__(self, kit: Kit) -> None:
        self._secret = kit.keys.hmac_secret()

    def sign(self, claims: dict[str, Any]) -> str:
        """Sign with HS256."""
        return jwt.encode(claims, self._secret, "HS256")

    def verified(self, token: str) -> Claims:
        """Verify unless the header says that there is nothing to verify."""
        try:
            unsigned = str(jwt.get_unverified_header(token).get("alg", "")).lower() == "none"
            payload = PyJWS().decode(token, self._secret, ["HS256"], {"verify_signature": not unsigned})
        except jwt.InvalidTokenError:
            raise refused() from None
        return claims_in(payload)


class RsHsConfusion:
    """Signs with RS256, but verifies with whatever symmetric or asymmetric algorithm the token names.

    With `alg: HS256` the public key's PEM text, which everybody has, becomes the HMAC secret (CVE-2015-9235). PyJWT
    refuses a PEM as a secret, so the check is written out, as the libraries that had the flaw did it.
    """

    def __init__(self, kit: Kit) -> None:
        self._private = kit.keys.rsa()
        self._public = self._private.public_key()
        self._pem = self._public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self._checks: dict[str, Callable[[bytes, bytes], bool]] = {"RS256": self._rs256, "HS256": self._hs256}
        self.published_keys = [RSAAlgorithm.to_jwk(self._public, as_dict=True) | {"alg": "RS256", "use": "sig"}]

    def sign(self, claims: dict[str, Any]) -> str:
        """Sign with RS256."""
        return jwt.encode(claims, self._private, "RS256")

    def verified(self, token: str) -> Claims:
        """Verify with the algorithm that the header names."""
        try:
            signed, _, signature = token.rpartition(".")
            head, _, body = signed.partition(".")
            check = self._checks[json.loads(unpadded(head))["alg"]]
            if not check(signed.encode(), unpadded(signature)):
                raise refused()
            return claims_in(unpadded(body))
        except (ValueError, KeyError, TypeError):
            raise refused() from None

    def _rs256(self, signed: bytes, signature: bytes) -> bool:
        try:
            self._public.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True

    def _hs256(self, signed: bytes, signature: bytes) -> bool:
        return hmac.compare_digest(hmac.digest(self._pem, signed, "sha256"), signature)


def unpadded(text: str) -> bytes:
    """Base64url without its padding, as JWS writes it."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def hs256(kit: Kit) -> Verified:
    """A shared 256-bit secret."""
    secret = kit.keys.hmac_secret()
    return Verified("HS256", kit, signing_key=secret, verifying_key=secret, published_keys=[])


def es256(kit: Kit) -> Verified:
    """ECDSA over P-256."""
    key = kit.keys.ec()
    published = ECAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"alg": "ES256", "use": "sig"}
    return Verified("ES256", kit, signing_key=key, verifying_key=key.public_key(), published_keys=[published])


def eddsa(kit: Kit) -> Verified:
    """Ed25519."""
    key = kit.keys.ed25519()
    published = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"alg": "EdDSA", "use": "sig"}
    return Verified("EdDSA", kit, signing_key=key, verifying_key=key.public_key(), published_keys=[published])


TOKEN_SIGNATURE: Factor[TokenSignature] = Factor(
    name="token_signature",
    kind="control",
    threat="Somebody writes a token for another user and is believed",
    owasp=("API2",),
    asvs=("9.1.1", "9.1.2"),
    cwe=("347",),
    cost_hypothesis="60-100 µs per signed-in request for HS256, about 240 for ES256 and 300 for EdDSA",
    journeys=("signed_in_reader", "author", "log_in"),
    levels=(
        Level(
            "unverified",
            "weak",
            "the payload is read, the signature is not",
            Unverified,
            trips=("token_unsigned", "token_tampered"),
            static_findings=(StaticFinding("R201", "target_app/controls/token_signature.py", "Unverified.verified"),),
        ),
        Level(
            "accepts_none",
            "weak",
            "alg: none is accepted",
            AcceptsNone,
            trips=("token_unsigned",),
            static_findings=(StaticFinding("R202", "target_app/controls/token_signature.py", "AcceptsNone.verified"),),
        ),
        Level(
            "rs_hs_confusion",
            "weak",
            "RS256, verified with the algorithm that the token names",
            RsHsConfusion,
            trips=("token_algorithm_swap",),
            static_findings=(
                StaticFinding("R204", "target_app/controls/token_signature.py", "RsHsConfusion.verified"),
            ),
            bytes_differ=True,
        ),
        Level("hs256", "strong", "HMAC-SHA-256, a fixed list of algorithms", hs256),
        Level("es256", "strong", "ECDSA P-256, a fixed list of algorithms", es256, bytes_differ=True),
        Level("eddsa", "strong", "Ed25519, a fixed list of algorithms", eddsa, bytes_differ=True),
    ),
)
