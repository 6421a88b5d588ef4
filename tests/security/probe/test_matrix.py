"""The probes against the real target: each weak level is broken by what it declares and by nothing else."""

import json
import sys
import time
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from security.probe.catalog import CATALOG
from security.probe.lab import Lab
from security.probe.outcome import CouldNotRunError, Outcome, Result
from security.probe.suite import run_suite
from security.probe.target import LabCommands, ProbeTarget, run_here
from tests.parts.repository import ROOT
from tests.parts.target import TargetServer, key_file, run_target, target_environment
from tests.parts.templates import SqliteTemplates
from tests.security.probe.small_server import ACCOUNTS, ADMIN, LOGIN
from tradeoff.measure.attacks import fresh_arm, probe_target
from tradeoff.plan.arm import parse_arm
from tradeoff.plan.factors import Level, describe
from tradeoff.target.description import Target, read_target
from tradeoff.target.forking import Nursery
from tradeoff.target.template import Templates

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
    *("response_fields=whole_row", "mass_assignment=set_everything", "sql=string_built"),
    *("outbound_guard=off", "outbound_guard=string_check"),
    *("webhook_verification=off", "webhook_verification=signature_only", "provider_tls=unverified"),
    *("rate_limit=off", "rate_limit=trusts_forwarded_for", "rate_limit=per_process"),
    *("input_limits=off", "file_path=joined", "deserialization=pickle", "deserialization=yaml_load"),
    *("browser_policy=reflect_origin_with_credentials", "browser_policy=none"),
    *("audit_log=off", "audit_log=plain", "transport=tls10", "upload_content=trusts_client"),
    *(
        "errors_and_docs=debug",
        "errors_and_docs=stack_trace",
        "stock_and_coupon=check_then_act",
        "response_cache=shared_key",
        "token_cache=without_revocation",
        "serializer=raw_row",
        "input_validation=trusted_construct",
        "query_shape=lazy",
    ),
)
# The strong password hashes are timed in test_password_hash.py: to seed with them takes longer than all else here.
OTHER_LEVELS = (
    *("token_signature=es256", "token_signature=eddsa", "serializer=bytes_from_declared"),
    *(
        "response_cache=per_identity",
        "token_cache=with_revocation",
        "serializer=bytes_from_declared",
        "waf=light",
        "transport=tls12",
        "transport=tls13",
    ),
)
#: One of so many attacks that nobody expects anything of is made here.
SLICES = 8
ARTICLES = 1000
PROVIDER = "https://payments.example"
LAB = [sys.executable, "-m", "target_app", "lab"]


class Attacks:
    """Attacks arms as `tradeoff probe` does, each on a fresh database, with one process that all of them fork from."""

    def __init__(self, nursery: Nursery, target: Target) -> None:
        self.nursery = nursery
        self._target = target
        self._catalog = describe(target)
        self._templates = Templates(target, articles=ARTICLES)

    def levels(self) -> dict[str, Level]:
        """Every level, as `factor=level`."""
        return {f"{factor.name}={one.name}": one for factor in self._catalog.factors for one in factor.levels}

    def __call__(
        self, setting: str = "", probes: Collection[str] | None = None, workers: int = 1
    ) -> dict[str, Outcome]:
        """The outcomes of all or these probes against `hardened` with this setting."""
        spec = parse_arm(f"hardened,{setting}".rstrip(","), self._catalog)
        with fresh_arm(
            self._target,
            spec,
            templates=self._templates,
            articles=ARTICLES,
            workers=workers,
            nursery=self.nursery,
        ) as arm:
            attacked = probe_target(self._target, arm.url, arm=arm, workers=workers, nursery=self.nursery)
            return {outcome.probe: outcome for outcome in run_suite(attacked, probes)}


@pytest.fixture(scope="module")
def attack() -> Iterator[Attacks]:
    """Attacks on the target of target.toml."""
    target = read_target(ROOT / "target.toml")
    with Nursery(target, hash_seed=1, trees=[target.root]) as nursery:
        yield Attacks(nursery, target)


@pytest.fixture
def start_target(start_target: StartTarget, tmp_path: Path) -> StartTarget:
    """A target whose names the lab leads, and whose payment provider is one of these."""
    settings = {"TARGET_RESOLVER_FILE": str(tmp_path / "names.json"), "TARGET_PROVIDER_URL": PROVIDER}
    return partial(start_target, settings=settings)


def attacked_server(server: TargetServer, workers: int = 1) -> ProbeTarget:
    lab = LabCommands(
        mint_token=[*LAB, "mint-token", "--username", "{username}", "--claims", "{claims}"],
        read_db=[*LAB, "read-db", "--username", "{username}"],
        fault=[*LAB, "fault", "--kind", "{kind}"],
        resolve=[*LAB, "resolve", "--name", "{name}", "--address", "{address}", "--connect", "{connect}"],
        sign_webhook=[*LAB, "sign-webhook", "--order", "{order}", "--events", "{events}"],
        kill=[*LAB, "kill", "--server", str(server.pid)],
        run=partial(run_here, environment=server.environment(), folder=ROOT),
    )
    ca_file = str(server.ca_file) if server.ca_file else None
    return ProbeTarget(
        server.url,
        ACCOUNTS,
        LOGIN,
        lab,
        workers=workers,
        services={"provider": PROVIDER},
        admin=ADMIN,
        ca_file=ca_file,
    )


def slice_for(setting: str, trips: Collection[str]) -> set[str]:
    """The probes of the level's factor, those that it declares, and a share of all others, another one for each level.

    All probes against all levels take half an hour: `make accept-matrix`.
    """
    factor, number = setting.partition("=")[0], (*WEAK_LEVELS, *OTHER_LEVELS).index(setting)
    own = {probe.name for probe in CATALOG if probe.control == factor}
    return {*trips, *own, *(probe.name for probe in CATALOG[number % SLICES :: SLICES])}


def succeeded(outcomes: dict[str, Outcome]) -> set[str]:
    return {name for name, outcome in outcomes.items() if outcome.result is Result.SUCCEEDED}


def open_questions(outcomes: dict[str, Outcome]) -> dict[str, str]:
    return {name: outcome.evidence for name, outcome in outcomes.items() if outcome.result is Result.COULD_NOT_RUN}


def test_every_level_of_the_target_is_attacked_here(attack: Attacks) -> None:
    """The levels named here are the target's: none of its weak levels and traps is left out."""
    levels = attack.levels()
    weak = {name for name, level in levels.items() if level.bad}
    assert weak == set(WEAK_LEVELS)
    assert levels.keys() > set(OTHER_LEVELS)


@pytest.mark.parametrize("setting", WEAK_LEVELS)
def test_a_weak_level_trips_what_it_declares(setting: str, attack: Attacks) -> None:
    """Of those asked exactly the declared probes succeed, with as many workers as the level needs."""
    level = attack.levels()[setting]
    outcomes = attack(setting, slice_for(setting, level.trips), level.requires.workers)
    assert succeeded(outcomes) == set(level.trips)


@pytest.mark.parametrize("workers", [1, 2])
def test_hardened_stops_every_probe(workers: int, attack: Attacks) -> None:
    """Against `hardened` no probe succeeds and none leaves its question open; what has no aim is not asked."""
    outcomes = attack(workers=workers)
    assert succeeded(outcomes) == set()
    assert open_questions(outcomes) == {}
    unasked = {name for name, outcome in outcomes.items() if outcome.result is Result.NOT_APPLICABLE}
    single = {"throttle_multiplied", "budget_multiplied"} if workers == 1 else set()
    assert unasked == {"token_algorithm_swap", "weak_handshake"} | single


def test_the_lab_keeps_its_contract(start_target: StartTarget, seeded: SqliteTemplates, tmp_path: Path) -> None:
    """A minted token is accepted as that user's, the stored row is that user's, a fault breaks and is mended, names
    lead where they are told, and what is killed is a worker, without which the target serves on.
    """
    server = start_target("hardened", seeded.copy(tmp_path), workers=2)
    names = tmp_path / "names.json"
    lab = Lab(attacked_server(server).lab)
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
    hardened = {one.probe: one for one in run_suite(attacked_server(start_target("hardened", postgres_url)))}
    assert (succeeded(hardened), open_questions(hardened)) == (set(), {})
    weak = start_target("hardened,sql=string_built", postgres_url)
    injections = ["sql_boolean", "sql_error", "sql_union"]
    broken = {one.probe: one for one in run_suite(attacked_server(weak), injections)}
    assert (succeeded(broken), open_questions(broken)) == (set(injections), {})


@pytest.mark.parametrize("setting", OTHER_LEVELS)
def test_a_strong_level_stops_every_probe(setting: str, attack: Attacks) -> None:
    """A strong level, or an optimisation without a trap, opens nothing."""
    outcomes = attack(setting, slice_for(setting, ()))
    assert succeeded(outcomes) == set()
    assert open_questions(outcomes) == {}
