import asyncio
import re
import threading
from collections.abc import Callable

import pytest

from target_app.controls.password_hash import SCHEMES, Passwords
from target_app.web.errors import ApiError
from tests.target_app.app_client import PASSWORD, AppClient

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


def test_unknown_accounts_cost_a_hash_too(client: Callable[..., AppClient]) -> None:
    """A log-in to an account that does not exist hashes as often as one to an account that does."""
    app = client()
    app.register("ann")
    before = app.metric("target_password_hash_seconds_count")
    assert app.log_in("ann", "wrong").json() == app.log_in("nobody", "wrong").json()
    assert app.metric("target_password_hash_seconds_count") == before + 2
    assert app.log_in("nobody", "nobody's password").status_code == 401


class Held:
    """A scheme that hashes only when it is told to."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def hash(self, password: str, salt: bytes | None = None) -> str:
        self.go.wait(10)
        return password

    def verify(self, password: str, stored: str) -> bool:
        return password == stored


def test_the_queue_is_bounded_and_the_loop_is_free(client: Callable[..., AppClient]) -> None:
    """With all threads busy and the queue full the next hash is refused with 503 at once, and others still end well."""
    app = client(hash_threads=1)  # and the queue takes 8
    scheme = Held()
    state = app.app.state.parts
    kit = type("Kit", (), {"settings": app.settings, "metrics": state.metrics})
    passwords = Passwords(scheme, kit)  # type: ignore[arg-type]  # the two parts of a kit that it reads

    async def flood() -> list[str | int]:
        waiting = [asyncio.create_task(passwords.hash(str(number))) for number in range(9)]
        await asyncio.sleep(0)
        with pytest.raises(ApiError) as refused:
            await passwords.hash("one too many")
        scheme.go.set()
        return [refused.value.status, *await asyncio.gather(*waiting)]

    assert app.run(flood()) == [503, *"012345678"]
    passwords.close()


def test_a_full_queue_is_a_503_to_the_client(client: Callable[..., AppClient], monkeypatch: pytest.MonkeyPatch) -> None:
    """Overload is answered in the contract's shape, with a time to come back."""
    app = client()
    app.register("ann")
    monkeypatch.setattr(app.app.state.parts.passwords._threads, "_limit", 0)
    answer = app.log_in("ann", PASSWORD)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json() == {"errors": {"server": ["is busy"]}}
