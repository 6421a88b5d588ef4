import re

import pytest

from target_app.controls.password_hash import SCHEMES

FORMS = {
    "sha256": r"[0-9a-f]{64}",
    "bcrypt_4": r"\$2b\$04\$.{53}",
    "bcrypt_12": r"\$2b\$12\$.{53}",
    "argon2id_19mib": r"\$argon2id\$v=19\$m=19456,t=2,p=1\$.+",
    "argon2id_64mib": r"\$argon2id\$v=19\$m=65536,t=3,p=4\$.+",
}


@pytest.mark.parametrize("level", FORMS)
def test_each_level_stores_its_own_form(level: str) -> None:
    """A level stores what it says it stores, takes the right password and no other."""
    scheme = SCHEMES[level]()
    stored = scheme.hash("pässword")
    assert re.fullmatch(FORMS[level], stored)
    assert scheme.verify("pässword", stored)
    assert not scheme.verify("password", stored)
    assert not scheme.verify("pässword", "made by something else")


@pytest.mark.parametrize("level", ["bcrypt_4", "argon2id_19mib"])
def test_a_given_salt_gives_the_same_hash(level: str) -> None:
    """The seeder's salt makes a hash repeatable; without one, two hashes of a password differ."""
    scheme = SCHEMES[level]()
    salt = bytes(range(16))
    assert scheme.hash("p", salt) == scheme.hash("p", salt)
    assert scheme.verify("p", scheme.hash("p", salt))
    assert scheme.hash("p") != scheme.hash("p")


def test_every_character_of_a_long_password_counts() -> None:
    """bcrypt reads 72 bytes; a difference behind them is still a different password."""
    scheme = SCHEMES["bcrypt_4"]()
    long = "x" * 100
    assert scheme.verify(long, scheme.hash(long))
    assert not scheme.verify(f"{long}y", scheme.hash(long))
