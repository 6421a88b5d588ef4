"""A published public key (JSON Web Key, RFC 7517) in every form of bytes that a server may hold it in."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def encodings(keys: Any) -> Iterator[bytes]:
    """Yield PEM and DER of each key of a JWK set that can be read; what can't is left out."""
    for jwk in keys if isinstance(keys, list) else []:
        try:
            key = _key(jwk)
        except (KeyError, TypeError, ValueError):
            continue
        yield from _forms(key)


def _forms(key: PublicKeyTypes) -> Iterator[bytes]:
    formats = [PublicFormat.SubjectPublicKeyInfo]
    if hasattr(key, "public_numbers") and hasattr(key.public_numbers(), "n"):
        formats.append(PublicFormat.PKCS1)
    for form in formats:
        pem = key.public_bytes(Encoding.PEM, form)
        yield pem  # as a file holds it, with its last line break
        yield pem.strip()
        yield key.public_bytes(Encoding.DER, form)


def _key(jwk: dict[str, str]) -> PublicKeyTypes:
    match jwk["kty"]:
        case "RSA":
            return RSAPublicNumbers(e=_number(jwk["e"]), n=_number(jwk["n"])).public_key()
        case "EC" if jwk["crv"] == "P-256":
            return EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), SECP256R1()).public_key()
        case "OKP" if jwk["crv"] == "Ed25519":
            return Ed25519PublicKey.from_public_bytes(_bytes(jwk["x"]))
        case other:
            raise ValueError(f"no encoding is known for keys of the type {other}")


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
