"""Recognising how a password was stored, by computing it again, and judging how fast it can be tried."""

import base64
import hashlib
import hmac
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import argon2
import bcrypt
import pytest

from security.probe.outcome import Outcome, Result
from security.probe.password_hash import FAST_GUESSES_PER_SECOND, guesses_per_second
from security.probe.stored_hash import StoredHash, recognise
from security.probe.suite import run_suite
from security.probe.target import LabCommands
from tests.security.probe.small_server import Answer, serving, target_at

WORD = "correct-horse-0001"
RAW = WORD.encode()


def digest(name: str, data: bytes) -> str:
    return hashlib.new(name, data).hexdigest()


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


FAST = {
    "bare sha256": (digest("sha256", RAW), {}),
    "bare md5": (digest("md5", RAW), {}),
    "salt before, text": (f"sha256$pepper01${digest('sha256', b'pepper01' + RAW)}", {}),
    "salt after, colon": (f"pepper01:{digest('sha1', RAW + b'pepper01')}", {}),
    "salt as hexadecimal": (f"0badcafe${digest('sha512', bytes.fromhex('0badcafe') + RAW)}", {}),
    "hmac keyed with the salt": (f"pepper01${hmac.digest(b'pepper01', RAW, 'sha256').hex()}", {}),
    "digest as base64": (f"{{SHA256}}{base64_of(hashlib.sha256(RAW).digest())}", {}),
    "salt in a column of its own": (digest("sha256", b"pepper01" + RAW), {"password_salt": "pepper01"}),
    "few rounds of pbkdf2": (
        f"pbkdf2_sha256$10$c2FsdA==${base64_of(hashlib.pbkdf2_hmac('sha256', RAW, b'c2FsdA==', 10))}",
        {},
    ),
    "the password itself": (WORD, {}),
    "bcrypt, cost 4": (bcrypt.hashpw(RAW, bcrypt.gensalt(4)).decode(), {}),
}
SLOW = {
    "argon2id, 19 MiB": argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(WORD),
    "argon2id, 64 MiB, 4 lanes": argon2.PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4).hash(WORD),
    "bcrypt, cost 12": bcrypt.hashpw(RAW, bcrypt.gensalt(12)).decode(),
    "many rounds of pbkdf2": "pbkdf2_sha256$600000$pepper01$"
    + base64_of(hashlib.pbkdf2_hmac("sha256", RAW, b"pepper01", 600_000)),
}


def recognised(stored: str, row: dict[str, Any] | None = None) -> StoredHash:
    found = recognise(stored, row or {}, WORD)
    assert found is not None
    return found


@pytest.mark.parametrize("name", FAST)
def test_fast_ways_are_recognised_and_timed(name: str) -> None:
    """Digests with and without salt, in the forms that are common, verify the password and are tried fast."""
    found = recognised(*FAST[name])
    assert found.verify(WORD)
    assert not found.verify("another")
    assert guesses_per_second(found) > FAST_GUESSES_PER_SECOND


@pytest.mark.parametrize("name", SLOW)
def test_slow_ways_are_recognised_and_timed(name: str) -> None:
    """Functions that are slow on purpose verify the password and are below the limit."""
    found = recognised(SLOW[name])
    assert found.verify(WORD)
    assert guesses_per_second(found) < FAST_GUESSES_PER_SECOND


@pytest.mark.parametrize(
    "stored",
    [digest("sha256", b"another"), SLOW["argon2id, 19 MiB"][:-1] + "A", "gibberish", "$2b$04$"],
    ids=["another word's digest", "a changed argon2id", "gibberish", "a cut bcrypt"],
)
def test_nothing_is_recognised_by_its_look(stored: str) -> None:
    """A value of a known form that the password does not give is recognised as nothing."""
    assert recognise(stored, {}, f"{WORD}!") is None


def outcome_of(tmp_path: Path, stored: str, log_in: int = 200) -> Outcome:
    """The probe's answer where the lab shows this row and the server answers log-ins so."""
    script = tmp_path / "lab.py"
    script.write_text(f"print({json.dumps(json.dumps({'row': {'password_hash': stored}}))})")
    lab = LabCommands(read_db=[sys.executable, str(script)])
    with serving(lambda _: Answer(log_in, {"user": {"token": "t"}})) as url:
        (outcome,) = run_suite(target_at(url, lab), ["fast_password_hash"])
    return outcome


@pytest.fixture
def without_bcrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def import_module(name: str, package: str | None = None) -> Any:
        if name == "bcrypt":
            raise ImportError(name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", import_module)


@pytest.mark.usefixtures("without_bcrypt")
def test_without_bcrypt_a_log_in_is_timed(tmp_path: Path) -> None:
    """A whole log-in within 10 ms proves that the hash in it is fast, without computing it."""
    outcome = outcome_of(tmp_path, FAST["bcrypt, cost 4"][0])
    assert outcome.result is Result.SUCCEEDED
    assert "cost 4" in outcome.evidence


def test_a_hash_of_no_known_form_leaves_the_question_open(tmp_path: Path) -> None:
    """What can't be recognised is neither fast nor slow."""
    outcome = outcome_of(tmp_path, "scrypt:32768:8:1$abc$" + "0" * 128)
    assert outcome.result is Result.COULD_NOT_RUN


def test_the_evidence_names_the_function_and_not_the_hash(tmp_path: Path) -> None:
    """The stored hash does not leave, its function and its speed do."""
    stored = digest("sha256", b"correct-horse-0001")
    outcome = outcome_of(tmp_path, stored)
    assert stored not in outcome.evidence
