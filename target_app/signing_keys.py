"""The server's own secrets: one JSON file, readable by its owner alone, made at the first use and never logged.

Each key is drawn when a level first asks for it (an RSA key takes a tenth of a second). Workers of one server share the
file, so drawing a key takes a lock, and the file is replaced in one step.
"""

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from target_app.operator_error import OperatorError

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


class SigningKeysError(OperatorError):
    """The key file cannot be used."""


class SigningKeys:
    """The keys in one file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def hmac_secret(self) -> bytes:
        """256 random bits for HS256."""
        return bytes.fromhex(self._entry("hmac", lambda: secrets.token_hex(32)))

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

        return load_pem_private_key(self._entry(name, pem).encode(), None)

    def _entry(self, name: str, draw: Callable[[], str]) -> str:
        entries = self._read()
        if name not in entries:
            with self._locked():
                entries = self._read()
                if name not in entries:
                    entries[name] = draw()
                    self._write(entries)
        return entries[name]

    def _read(self) -> dict[str, str]:
        try:
            entries = json.loads(self.path.read_text())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise SigningKeysError(f"the key file {self.path} cannot be read: {error}") from None
        return cast("dict[str, str]", entries)

    def _write(self, entries: dict[str, str]) -> None:
        descriptor, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)  # mode 0600
        with os.fdopen(descriptor, "w") as file:
            json.dump(entries, file)
        Path(temporary).replace(self.path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.with_name(self.path.name + ".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise SigningKeysError(f"the key file {self.path} cannot be written: {error}") from None
