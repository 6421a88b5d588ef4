"""Finds out how a stored password was hashed, by computing it again from the known password.

Nothing is believed from the look of a stored value: a function counts as found when it verifies the account's own
password and refuses another one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

# Digests by their length in bytes.
ALGORITHMS = {
    16: ("md5",),
    20: ("sha1",),
    28: ("sha224",),
    32: ("sha256", "blake2s"),
    48: ("sha384",),
    64: ("sha512", "blake2b"),
}
COMBINATIONS: Mapping[str, Callable[[str, bytes, bytes], bytes]] = {
    "salt then password": lambda name, salt, word: hashlib.new(name, salt + word).digest(),
    "password then salt": lambda name, salt, word: hashlib.new(name, word + salt).digest(),
    "HMAC keyed with the salt": lambda name, salt, word: hmac.digest(salt, word, name),
}
BCRYPT = re.compile(r"\$2[abxy]\$(\d\d)\$.{53}")
PBKDF2 = re.compile(r"\$?pbkdf2[_-](sha\d+)\$(?:i=)?(\d+)\$([^$]+)\$([^$]+)")


@dataclass(frozen=True)
class StoredHash:
    """A function that a stored value was made with: `name` with its parameters, `verify` a guess."""

    name: str
    verify: Callable[[str], bool]


def recognise(stored: str, row: Mapping[str, Any], password: str) -> StoredHash | None:
    """The function that makes `stored` out of `password`, proven; None where none of those known does.

    `row` is the whole stored row: the salt may stand in a column of its own.
    """
    for candidate in _candidates(stored, row):
        if candidate.verify(password) and not candidate.verify(f"{password}x"):
            return candidate
    return None


def bcrypt_cost(stored: str) -> int | None:
    """The cost parameter of a bcrypt hash (2**cost rounds), or None if `stored` is none."""
    found = BCRYPT.fullmatch(stored)
    return int(found[1]) if found else None


def _candidates(stored: str, row: Mapping[str, Any]) -> Iterator[StoredHash]:
    yield StoredHash(
        "the password itself, not hashed", lambda word: hmac.compare_digest(stored.encode(), word.encode())
    )
    if stored.startswith("$argon2id$"):
        yield StoredHash(f"argon2id ({stored.split('$')[3]})", partial(_argon2id, stored))
    elif (cost := bcrypt_cost(stored)) is not None:
        yield from _bcrypt(stored, cost)
    elif found := PBKDF2.fullmatch(stored):
        yield from _pbkdf2(*found.groups())
    else:
        yield from _digests(stored, row)


def _argon2id(stored: str, word: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(word.encode(), stored)
    except InvalidKey:
        return False
    return True


def _bcrypt(stored: str, cost: int) -> Iterator[StoredHash]:
    try:
        bcrypt = importlib.import_module("bcrypt")
    except ImportError:  # no dependency of the probes; without it the time of a log-in is the evidence
        return
    yield StoredHash(f"bcrypt (cost {cost})", lambda word: bool(bcrypt.checkpw(word.encode(), stored.encode())))


def _pbkdf2(name: str, iterations: str, salt: str, digest: str) -> Iterator[StoredHash]:
    for salted, wanted in product(_readings(salt), _readings(digest)):
        yield StoredHash(
            f"PBKDF2 with {name}, {iterations} rounds",
            lambda word, salted=salted, wanted=wanted: hmac.compare_digest(  # type: ignore[misc]  # bound per turn
                hashlib.pbkdf2_hmac(name, word.encode(), salted, int(iterations), len(wanted) or None), wanted
            ),
        )


def _digests(stored: str, row: Mapping[str, Any]) -> Iterator[StoredHash]:
    *before, last = [piece for piece in re.split(r"[$:{}]", stored) if piece]
    beside = [str(value) for column, value in row.items() if "salt" in column.lower() and value]
    salts = [b"", *(reading for piece in (*before, *beside) for reading in _readings(piece))]
    for wanted in _readings(last):
        for name, salt in product(ALGORITHMS.get(len(wanted), ()), salts):
            for how, digest in COMBINATIONS.items():
                yield StoredHash(f"{name} ({how})" if salt else name, partial(_digest_is, digest, name, salt, wanted))


def _digest_is(digest: Callable[[str, bytes, bytes], bytes], name: str, salt: bytes, wanted: bytes, word: str) -> bool:
    return hmac.compare_digest(digest(name, salt, word.encode()), wanted)


def _readings(text: str) -> Iterator[bytes]:
    """The bytes that a text may stand for: itself, hexadecimal, base64 of either alphabet."""
    yield text.encode()
    for read in (bytes.fromhex, _base64):
        try:
            yield read(text)
        except (ValueError, binascii.Error):
            continue


def _base64(text: str) -> bytes:
    plain = text.replace("-", "+").replace("_", "/").replace(".", "+")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
