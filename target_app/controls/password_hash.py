"""How a password is stored."""

import base64
import hashlib
import hmac
import string
from collections.abc import Callable
from typing import Protocol

import argon2
import bcrypt

from target_app.controls.model import Factor, Kit, Level, StaticFinding


class PasswordHash(Protocol):
    """One way to turn a password into what is stored. Both calls are slow on purpose and hold no lock."""

    def hash(self, password: str, salt: bytes | None = None) -> str:
        """What to store for `password`; 16 bytes of salt are drawn unless the seeder brings its own."""

    def verify(self, password: str, stored: str) -> bool:
        """Whether `stored` was made from `password`; False where `stored` is of another kind."""


class Sha256:
    """A bare digest: a graphics card tries thousands of millions a second."""

    def hash(self, password: str, salt: bytes | None = None) -> str:  # noqa: ARG002  # that it has none is its flaw
        """64 hexadecimal digits."""
        return hashlib.sha256(password.encode()).hexdigest()

    def verify(self, password: str, stored: str) -> bool:
        """Hash again and compare."""
        return hmac.compare_digest(self.hash(password), stored)


class Bcrypt:
    """bcrypt at a given cost (log2 of its rounds)."""

    def __init__(self, cost: int) -> None:
        self._cost = cost

    def hash(self, password: str, salt: bytes | None = None) -> str:
        """`$2b$…`, 60 characters."""
        setting = bcrypt.gensalt(self._cost) if salt is None else bcrypt_setting(self._cost, salt)
        return bcrypt.hashpw(within_72_bytes(password), setting).decode()

    def verify(self, password: str, stored: str) -> bool:
        """Hash again and compare."""
        if not stored.startswith("$2"):
            return False
        return bcrypt.checkpw(within_72_bytes(password), stored.encode())


def within_72_bytes(password: str) -> bytes:
    """Bcrypt reads 72 bytes at most: a longer password goes in as its digest, so that every character counts."""
    raw = password.encode()
    return raw if len(raw) <= 72 else base64.b64encode(hashlib.sha256(raw).digest())


#: bcrypt writes base64 with an alphabet of its own.
BCRYPT_DIGITS = str.maketrans(
    string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/",
    "./" + string.ascii_uppercase + string.ascii_lowercase + string.digits,
)


def bcrypt_setting(cost: int, salt: bytes) -> bytes:
    """What `gensalt` gives, from 16 bytes of salt."""
    digits = base64.b64encode(salt).decode().rstrip("=").translate(BCRYPT_DIGITS)
    return f"$2b${cost:02d}${digits}".encode()


class Argon2id:
    """Argon2id (RFC 9106) with the given memory in KiB, passes and lanes."""

    def __init__(self, memory_kib: int, passes: int, lanes: int) -> None:
        self._hasher = argon2.PasswordHasher(
            time_cost=passes, memory_cost=memory_kib, parallelism=lanes, type=argon2.Type.ID
        )

    def hash(self, password: str, salt: bytes | None = None) -> str:
        """`$argon2id$…` with its parameters."""
        return self._hasher.hash(password, salt=salt)

    def verify(self, password: str, stored: str) -> bool:
        """Hash again, with the parameters that the stored hash names."""
        try:
            return self._hasher.verify(stored, password)
        except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.InvalidHashError):
            return False


#: The scheme behind each level; the seeder hashes with these too.
SCHEMES: dict[str, Callable[[], PasswordHash]] = {
    "sha256": Sha256,
    "bcrypt_4": lambda: Bcrypt(4),
    "bcrypt_12": lambda: Bcrypt(12),
    "argon2id_19mib": lambda: Argon2id(19 * 1024, passes=2, lanes=1),
    "argon2id_64mib": lambda: Argon2id(64 * 1024, passes=3, lanes=4),
}


def scheme(level: str) -> Callable[[Kit], PasswordHash]:
    """The builder of one level."""
    return lambda _kit: SCHEMES[level]()


PASSWORD_HASH: Factor[PasswordHash] = Factor(
    name="password_hash",
    kind="control",
    threat="Stored hashes leak and the passwords behind them are guessed offline",
    owasp=("API2",),
    asvs=("11.4.2",),
    cwe=("916",),
    cost_hypothesis="The whole price of a log-in and nothing elsewhere: about 42 ms for argon2id at 19 MiB",
    journeys=("log_in",),
    levels=(
        Level(
            "sha256",
            "weak",
            "unsalted SHA-256 digest",
            scheme("sha256"),
            trips=("fast_password_hash",),
            static_findings=(StaticFinding("R221", "target_app/controls/password_hash.py", "Sha256.hash"),),
        ),
        Level(
            "bcrypt_4",
            "weak",
            "bcrypt, cost 4",
            scheme("bcrypt_4"),
            trips=("fast_password_hash",),
            static_findings=(StaticFinding("R222", "target_app/controls/password_hash.py", "Bcrypt.hash"),),
        ),
        Level("bcrypt_12", "strong", "bcrypt, cost 12", scheme("bcrypt_12")),
        Level("argon2id_19mib", "strong", "Argon2id, 19 MiB, 2 passes, 1 lane", scheme("argon2id_19mib")),
        Level("argon2id_64mib", "strong", "Argon2id, 64 MiB, 3 passes, 4 lanes", scheme("argon2id_64mib")),
    ),
)
