import base64
import hashlib
import hmac
import json
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from target_app.controls.token_claims import AUDIENCE, ISSUER
from target_app.key_file import KeyFileError
from target_app.signing_keys import SigningKeys
from tests.target_app.app_client import AppClient

Make = Callable[..., AppClient]
LEVELS = ["unverified", "accepts_none", "rs_hs_confusion", "hs256", "es256", "eddsa"]
STRONG = ["hs256", "es256", "eddsa"]


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def whose(app: AppClient, token: str) -> str | None:
    """The user that the app takes the token's bearer for."""
    answer = app.call("GET", "/api/user", token)
    return str(answer.json()["user"]["username"]) if answer.status_code == 200 else None


def unsigned(token: str) -> str:
    return f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{token.split('.')[1]}."


def tampered(own: str, victim: str) -> str:
    head, _, signature = own.split(".")
    return f"{head}.{encoded(claims_of(own) | {'sub': claims_of(victim)['sub']})}.{signature}"


def swapped(app: AppClient, victim: str) -> str:
    """The victim's claims under HS256, keyed with the published public key's PEM text."""
    published = app.call("GET", "/.well-known/jwks.json")
    if published.status_code == 404:
        return "no.published.key"
    key = jwt.PyJWK(published.json()["keys"][0]).key
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{encoded({'alg': 'HS256', 'typ': 'JWT'})}.{victim.split('.')[1]}"
    signature = hmac.new(pem, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_takes_its_own_tokens_and_falls_to_its_own_forgeries(client: Make, level: str) -> None:
    """A true token works everywhere; of three forgeries a level falls to those of its own flaw alone."""
    app = client(f"token_signature={level}")
    victim, attacker = app.register("victim"), app.register("attacker")
    assert whose(app, victim) == "victim"
    forged = {
        "unsigned": unsigned(victim),
        "tampered": tampered(attacker, victim),
        "swapped": swapped(app, victim),
    }
    fell_to = {name for name, token in forged.items() if whose(app, token) == "victim"}
    flaws = {"unverified": {"unsigned", "tampered"}, "accepts_none": {"unsigned"}, "rs_hs_confusion": {"swapped"}}
    assert fell_to == flaws.get(level, set())


@pytest.mark.parametrize("level", STRONG)
def test_one_algorithm_is_accepted(client: Make, level: str) -> None:
    """A token signed with another of the server's own keys is refused: the list of algorithms has one entry."""
    app = client(f"token_signature={level}")
    app.register("ann")
    keys = SigningKeys(app.settings.key_file)
    others: dict[str, Any] = {"HS256": keys.hmac_secret(), "ES256": keys.ec(), "EdDSA": keys.ed25519()}
    now = int(time.time())
    whole = {"sub": "1", "iat": now, "nbf": now, "exp": now + 60, "aud": AUDIENCE, "iss": ISSUER}
    taken = [name for name, key in others.items() if whose(app, jwt.encode(whole, key, name))]
    assert [name.lower() for name in taken] == [level]


@pytest.mark.parametrize("garbage", ["x", "..", "a.b.c", "é", f"{encoded({'alg': []})}.e30.x", f"{encoded({})}.W10.x"])
@pytest.mark.parametrize("level", LEVELS)
def test_garbage_is_refused(client: Make, level: str, garbage: str) -> None:
    """What is no token is a 401 at every level, never a failure."""
    app = client(f"token_signature={level}")
    answer = app.call("GET", "/api/user", headers={"Authorization": f"Token {garbage}".encode()})  # type: ignore[dict-item]  # bytes pass httpx's check of ASCII
    assert answer.status_code == 401


def test_public_keys_alone_are_published(client: Make) -> None:
    """The key set names one public key and has no private part; a shared secret publishes nothing."""
    for level, kind in (("rs_hs_confusion", "RSA"), ("es256", "EC"), ("eddsa", "OKP")):
        (key,) = client(f"token_signature={level}").call("GET", "/.well-known/jwks.json").json()["keys"]
        assert key["kty"] == kind
        assert not {"d", "p", "q", "k"} & set(key)
    assert client().call("GET", "/.well-known/jwks.json").status_code == 404


def test_decisions_are_counted(client: Make) -> None:
    """A token that is taken and one that is refused each count once."""
    app = client()
    token = app.register("ann")
    app.call("GET", "/api/user", token)
    app.call("GET", "/api/user", f"{token}x")
    for decision in ("allow", "deny"):
        assert app.metric(f'target_control_decisions_total{{control="token_signature",decision="{decision}"}}') == 1


def test_keys_are_made_once_and_kept_private(tmp_path: Path) -> None:
    """A second reader finds the keys of the first; the file is its owner's alone."""
    path = tmp_path / "keys.json"
    first, second = SigningKeys(path), SigningKeys(path)
    assert first.hmac_secret() == second.hmac_secret()
    assert len(first.hmac_secret()) == 32
    assert first.ec().private_numbers() == second.ec().private_numbers()
    assert first.rsa().key_size == 2048
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SigningKeys(tmp_path / "other.json").hmac_secret() != first.hmac_secret()


def test_a_broken_key_file_is_one_sentence(tmp_path: Path) -> None:
    """A file that holds no keys stops the start, rather than being replaced."""
    path = tmp_path / "keys.json"
    path.write_text("{")
    with pytest.raises(KeyFileError, match="cannot be read"):
        SigningKeys(path).hmac_secret()
