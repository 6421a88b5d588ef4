"""The probes against the real target: each weak level is broken by what it declares and by nothing else."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from security.probe.lab import Lab
from security.probe.outcome import CouldNotRunError, Outcome, Result
from security.probe.suite import run_suite
from security.probe.target import LabCommands, ProbeTarget, run_here
from tests.parts.target import ROOT, TargetServer, describe, key_file, run_target, target_environment
from tests.parts.templates import SqliteTemplates
from tests.security.probe.small_server import ACCOUNTS, LOGIN

StartTarget = Callable[..., TargetServer]

# Named here and not read from `describe`, so that each is a test of its own; the first test compares the two.
WEAK_LEVELS = (
    *("password_hash=sha256", "password_hash=bcrypt_4"),
    "hash_placement=inline",
    *("login_throttle=off", "login_throttle=per_process"),
    "login_answer=distinct",
    *("token_signature=unverified", "token_signature=accepts_none", "token_signature=rs_hs_confusion"),
    *("token_claims=unchecked", "token_claims=exp_only", "signing_key=dictionary_word"),
    *("revocation=off", "revocation=per_process"),
    *("object_authz=off", "object_authz=reads_only", "function_authz=off", "function_authz=hidden_route"),
    *("response_fields=whole_row", "sql=string_built"),
    *("input_limits=off", "file_path=joined", "deserialization=pickle", "deserialization=yaml_load"),
    *(
        "errors_and_docs=debug",
        "errors_and_docs=stack_trace",
        "upload_content=trusts_client",
        "response_cache=shared_key",
        "token_cache=without_revocation",
        "query_shape=lazy",
    ),
)
# The strong password hashes are timed in test_password_hash.py: to seed with them takes longer than all else here.
OTHER_LEVELS = (
    *("token_signature=es256", "token_signature=eddsa"),
    *("response_cache=per_identity", "token_cache=with_revocation", "waf=light"),
)
LAB = [sys.executable, "-m", "target_app", "lab"]


@pytest.fixture(scope="module")
def levels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The target's own words on each level, as `factor=level`."""
    described = describe(tmp_path_factory.mktemp("describe"))
    return {f"{factor['name']}={level['name']}": level for factor in described["factors"] for level in factor["levels"]}


def probe_target(server: TargetServer, workers: int = 1) -> ProbeTarget:
    lab = LabCommands(
        mint_token=[*LAB, "mint-token", "--username", "{username}", "--claims", "{claims}"],
        read_db=[*LAB, "read-db", "--username", "{username}"],
        fault=[*LAB, "fault", "--kind", "{kind}"],
        resolve=[*LAB, "resolve", "--name", "{name}", "--address", "{address}", "--connect", "{connect}"],
        kill=[*LAB, "kill", "--server", str(server.pid)],
        run=partial(run_here, environment=server.environment(), folder=ROOT),
    )
    return ProbeTarget(server.url, ACCOUNTS, LOGIN, lab, workers=workers)


def attack(
    start: StartTarget, seeded: SqliteTemplates, folder: Path, setting: str = "", workers: int = 1
) -> dict[str, Outcome]:
    """All probes against `hardened` with this setting, on a fresh copy of a seeded database."""
    factor, _, level = setting.partition("=")
    passwords = level if factor == "password_hash" else "argon2id_19mib"
    database_url = seeded.copy(folder, password_hash=passwords)
    server = start(f"hardened,{setting}".rstrip(","), database_url, workers=workers)
    return {outcome.probe: outcome for outcome in run_suite(probe_target(server, workers))}


def succeeded(outcomes: dict[str, Outcome]) -> set[str]:
    return {name for name, outcome in outcomes.items() if outcome.result is Result.SUCCEEDED}


def open_questions(outcomes: dict[str, Outcome]) -> dict[str, str]:
    return {name: outcome.evidence for name, outcome in outcomes.items() if outcome.result is Result.COULD_NOT_RUN}


def test_every_level_of_the_target_is_attacked_here(levels: dict[str, Any]) -> None:
    """The levels named here are the target's: none of its weak levels and traps is left out."""
    weak = {name for name, level in levels.items() if level["tag"] in ("weak", "trap")}
    assert weak == set(WEAK_LEVELS)
    assert levels.keys() > set(OTHER_LEVELS)


@pytest.mark.parametrize("setting", WEAK_LEVELS)
def test_a_weak_level_trips_what_it_declares(
    setting: str, levels: dict[str, Any], start_target: StartTarget, seeded: SqliteTemplates, tmp_path: Path
) -> None:
    """Exactly the declared probes succeed, with as many workers as the level needs."""
    level = levels[setting]
    outcomes = attack(start_target, seeded, tmp_path, setting, level["requires"]["workers"])
    assert succeeded(outcomes) == set(level["trips"])


@pytest.mark.parametrize("workers", [1, 2])
def test_hardened_stops_every_probe(
    workers: int, start_target: StartTarget, seeded: SqliteTemplates, tmp_path: Path
) -> None:
    """Against `hardened` no probe succeeds and none leaves its question open; what has no aim is not asked."""
    outcomes = attack(start_target, seeded, tmp_path, workers=workers)
    assert succeeded(outcomes) == set()
    assert open_questions(outcomes) == {}
    unasked = {name for name, outcome in outcomes.items() if outcome.result is Result.NOT_APPLICABLE}
    assert unasked == {"token_algorithm_swap"} | ({"throttle_multiplied"} if workers == 1 else set())


def test_the_lab_keeps_its_contract(start_target: StartTarget, seeded: SqliteTemplates, tmp_path: Path) -> None:
    """A minted token is accepted as that user's, the stored row is that user's, a fault breaks and is mended, names
    lead where they are told, and what is killed is a worker, without which the target serves on.
    """
    server = start_target("hardened", seeded.copy(tmp_path), workers=2)
    names = tmp_path / "names.json"
    environment = {**server.environment(), "TARGET_RESOLVER_FILE": str(names)}
    lab = Lab(replace(probe_target(server).lab, run=partial(run_here, environment=environment, folder=ROOT)))
    header = {"Authorization": f"Token {lab.mint_token('reader0020')}"}
    answer = httpx.get(f"{server.url}/api/user", headers=header, trust_env=False)
    assert answer.json()["user"]["username"] == "reader0020"
    assert lab.read_row("reader0020")["email"] == "reader0020@example.test"
    with lab.fault("missing_table") as (method, path):
        assert httpx.request(method, server.url + path, trust_env=False).status_code == 500
    assert httpx.request(method, server.url + path, trust_env=False).status_code == 200
    with pytest.raises(CouldNotRunError, match="nobody"):
        lab.read_row("nobody")
    lab.resolve("Probe.example", address="203.0.113.9", connect="127.0.0.9:81")
    assert json.loads(names.read_text())["probe.example"] == {"address": "203.0.113.9", "connect": "127.0.0.9:81"}
    with pytest.raises(CouldNotRunError, match="cannot be added"):
        lab.resolve("far.example", address="203.0.113.9", connect="192.0.2.1:80")
    workers = processes_below(server.pid)
    killed = lab.kill()
    assert killed in workers
    deadline = time.monotonic() + 30
    while killed in processes_below(server.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(processes_below(server.pid) - workers) == 1
    assert httpx.get(f"{server.url}/api/tags", trust_env=False).status_code == 200


def processes_below(pid: int) -> set[int]:
    """The processes that a process started and that run."""
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def test_the_probes_speak_postgresql(start_target: StartTarget, postgres_url: str, tmp_path: Path) -> None:
    """On PostgreSQL `hardened` stops every probe, and string-built SQL is broken by the same three as on SQLite."""
    environment = target_environment("hardened", postgres_url, key_file(tmp_path))
    for command in (["migrate"], ["seed", "--articles", "60"]):
        run_target(*command, environment=environment)
    hardened = {one.probe: one for one in run_suite(probe_target(start_target("hardened", postgres_url)))}
    assert (succeeded(hardened), open_questions(hardened)) == (set(), {})
    weak = start_target("hardened,sql=string_built", postgres_url)
    injections = ["sql_boolean", "sql_error", "sql_union"]
    broken = {one.probe: one for one in run_suite(probe_target(weak), injections)}
    assert (succeeded(broken), open_questions(broken)) == (set(injections), {})


@pytest.mark.parametrize("setting", OTHER_LEVELS)
def test_a_strong_level_stops_every_probe(
    setting: str, start_target: StartTarget, seeded: SqliteTemplates, tmp_path: Path
) -> None:
    """A strong level, or an optimisation without a trap, opens nothing."""
    outcomes = attack(start_target, seeded, tmp_path, setting)
    assert succeeded(outcomes) == set()
    assert open_questions(outcomes) == {}
