"""The server's own secrets, in a file of their own. An RSA key takes a tenth of a second."""

import secrets
from collections.abc import Callable
from typing import cast

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from target_app.key_file import KeyFile

#: The name of the audit log's key in the file.
AUDIT = "audit"
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


class SigningKeys(KeyFile):
    """The keys in one file."""

    def hmac_secret(self) -> bytes:
        """256 random bits for HS256."""
        return bytes.fromhex(self.entry("hmac", lambda: secrets.token_hex(32)))

    def audit_key(self) -> bytes:
        """256 random bits for the audit log."""
        return bytes.fromhex(self.entry(AUDIT, lambda: secrets.token_hex(32)))

    def rsa(self) -> rsa.RSAPrivateKey:
        """A 2048-bit key for RS256."""
        return cast("rsa.RSAPrivateKey", self._private("rsa", lambda: rsa.generate_private_key(65537, 2048)))

    def ec(self) -> ec.EllipticCurvePrivateKey:
        """A P-256 key for ES256."""
        return cast("ec.EllipticCurvePrivateKey", self._private("ec", lambda: ec.generate_private_key(ec.SECP256R1())))

    def ed25519(self) -> ed25519.Ed25519PrivateKey:
        """A key for EdDSA."""
        draw = ed25519.Ed25519PrivateKey.generate
        return cast("ed25519.Ed25519PrivateKey", self._private("ed25519", draw))

    def _private(self, name: str, draw: Callable[[], PrivateKey]) -> object:
        def pem() -> str:
            return draw().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

        return load_pem_private_key(self.entry(name, pem).encode(), None)
