"""The secret behind tokens that are signed with HMAC: whoever finds it writes tokens for everybody.

A token lets its holder try secrets offline, as fast as a processor can hash.
"""

from collections.abc import Callable, Mapping

from target_app.controls.model import Factor, Kit, Level, StaticFinding
from target_app.operator_error import OperatorError
from target_app.signing_keys import SigningKeys

#: What jwt.io fills in: long enough for any library, and in every word list.
SECRET_KEY = "a-string-secret-at-least-256-bits-long"
#: Bytes of the shortest key (RFC 7518, 3.2: as long as the digest), and different values among them: of 32 random bytes
#: fewer are alike than that in all but one of 10^15.
SHORTEST, VALUES = 32, 16
PRINTABLE = frozenset(range(32, 127))


class WeakKeyError(OperatorError):
    """The signing key can be guessed."""


class DictionaryWord(SigningKeys):
    """The secret of the example that the code was copied from. The other keys are the file's."""

    def hmac_secret(self) -> bytes:
        """The same for everybody who copied it."""
        return SECRET_KEY.encode()


def dictionary_word(keys: SigningKeys) -> SigningKeys:
    """A secret in the source."""
    return DictionaryWord(keys.path)


def random_256(keys: SigningKeys) -> SigningKeys:
    """The file's own secret. Raises WeakKeyError where it is short, repeats itself, or is a text and not random."""
    secret = keys.hmac_secret()
    problems = {
        f"has {len(secret)} bytes, fewer than {SHORTEST}": len(secret) < SHORTEST,
        "is a text": PRINTABLE.issuperset(secret),
        "repeats a few bytes": len(set(secret)) < VALUES,
    }
    for problem, found in problems.items():
        if found:
            raise WeakKeyError(f"the key `hmac` in {keys.path} {problem}; without it a random one is drawn")
    return keys


#: The keys behind each level; `serve` looks at them before it starts anything.
KEYS: Mapping[str, Callable[[SigningKeys], SigningKeys]] = {
    "dictionary_word": dictionary_word,
    "random_256": random_256,
}


def keys(level: str) -> Callable[[Kit], SigningKeys]:
    """The builder of one level."""
    return lambda kit: KEYS[level](kit.keys)


SIGNING_KEY: Factor[SigningKeys] = Factor(
    name="signing_key",
    kind="control",
    threat="The key that signs tokens is guessed offline from a single token",
    owasp=("API8",),
    asvs=("13.3.1",),
    cwe=("321",),
    cost_hypothesis="Nothing: HMAC takes as long with either key",
    journeys=("signed_in_reader", "author", "log_in"),
    levels=(
        Level(
            "dictionary_word",
            "weak",
            "a secret from an example, in the source",
            keys("dictionary_word"),
            trips=("signing_key_guessed",),
            static_findings=(StaticFinding("B105", "target_app/controls/signing_key.py"),),
        ),
        Level("random_256", "strong", "256 random bits in a file; a weak one stops the start", keys("random_256")),
    ),
)
