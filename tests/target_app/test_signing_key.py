import json
import secrets
from collections.abc import Callable
from pathlib import Path

import jwt
import pytest

from target_app.controls.signing_key import SECRET_KEY, WeakKeyError, random_256
from target_app.controls.token_claims import claims
from target_app.signing_keys import SigningKeys
from tests.parts.target import empty_sqlite, run_target, target_environment
from tests.target_app.app_client import AppClient

Make = Callable[..., AppClient]


def kept(folder: Path, secret: bytes) -> SigningKeys:
    """A key file with this secret."""
    path = folder / "keys.json"
    path.write_text(json.dumps({"hmac": secret.hex()}))
    return SigningKeys(path)


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        (secrets.token_bytes(31), "has 31 bytes"),
        (b"", "has 0 bytes"),
        (SECRET_KEY.encode(), "is a text"),
        (secrets.token_hex(32).encode(), "is a text"),
        (bytes(64), "repeats a few bytes"),
        (bytes([1, 200]) * 16, "repeats a few bytes"),
    ],
    ids=["short", "empty", "an example", "written out", "zeros", "a pattern"],
)
def test_a_weak_key_is_refused(tmp_path: Path, secret: bytes, problem: str) -> None:
    """What is short, a text, or a pattern is named, and not shown."""
    with pytest.raises(WeakKeyError, match=problem) as refused:
        random_256(kept(tmp_path, secret))
    assert secret.hex() not in str(refused.value) or not secret


def test_random_keys_are_taken(tmp_path: Path) -> None:
    """Not one of many keys that are drawn is taken for a weak one; a file without any gets one."""
    for _ in range(2_000):
        random_256(kept(tmp_path, secrets.token_bytes(32)))
    assert len(random_256(SigningKeys(tmp_path / "new.json")).hmac_secret()) == 32


def test_a_server_with_a_weak_key_does_not_start(tmp_path: Path) -> None:
    """One sentence and exit code 2, before anything is served, with several workers too."""
    url = empty_sqlite(tmp_path)
    weak = kept(tmp_path, b"0123456789abcdef0123456789abcdef")
    environment = target_environment("hardened", url, weak.path)
    with pytest.raises(RuntimeError, match=r"ended with 2:\ntarget_app: the key `hmac` in .* is a text"):
        run_target("serve", "--port", "0", "--workers", "2", environment=environment)


@pytest.mark.parametrize(("level", "status"), [("dictionary_word", 200), ("random_256", 401)])
def test_the_examples_key_signs_for_everybody(client: Make, level: str, status: int) -> None:
    """With `dictionary_word` a token signed with the example's secret is taken; with `random_256` it is not."""
    app = client(f"signing_key={level}")
    app.register("ann")
    assert app.call("GET", "/api/user", jwt.encode(claims(1), SECRET_KEY, "HS256")).status_code == status
