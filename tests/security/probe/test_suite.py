"""The suite: guarded, counted, redacted, and never "stopped" where nothing was attacked."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from security.guard import Authorization, Refused
from security.probe.catalog import CATALOG
from security.probe.outcome import Result
from security.probe.suite import UnknownProbeError, run_suite
from security.probe.target import LabCommands
from tests.parts.loopback import free_port, random_address
from tests.security.probe.small_server import Answer, Request, serving, target_at

# The table of docs/architecture.md.
CONTROLS = {
    "fast_password_hash": "password_hash",
    "log_ins_block_others": "hash_placement",
    "password_guessing": "login_throttle",
    "password_spraying": "login_throttle",
    "owner_lockout": "login_throttle",
    "throttle_multiplied": "login_throttle",
    "accounts_named": "login_answer",
    "accounts_timed": "login_answer",
    "token_unsigned": "token_signature",
    "token_tampered": "token_signature",
    "token_algorithm_swap": "token_signature",
    "token_expired": "token_claims",
    "token_early": "token_claims",
    "token_for_others": "token_claims",
    "signing_key_guessed": "signing_key",
    "token_after_log_out": "revocation",
    "token_after_password_change": "revocation",
    "foreign_draft_read": "object_authz",
    "foreign_article_changed": "object_authz",
    "foreign_article_deleted": "object_authz",
    "staff_read": "function_authz",
    "staff_act": "function_authz",
    "self_promotion": "function_authz",
    "secret_fields": "response_fields",
    "role_assigned": "mass_assignment",
    "balance_assigned": "mass_assignment",
    "author_assigned": "mass_assignment",
    "sql_boolean": "sql",
    "sql_error": "sql",
    "sql_union": "sql",
    "outbound_internal": "outbound_guard",
    "outbound_notation": "outbound_guard",
    "outbound_redirect": "outbound_guard",
    "outbound_rebinding": "outbound_guard",
    "provider_self_signed": "provider_tls",
    "provider_hangs": "provider_tls",
    "webhook_tampered": "webhook_verification",
    "webhook_stale": "webhook_verification",
    "webhook_replayed": "webhook_verification",
    "large_body": "input_limits",
    "large_page": "input_limits",
    "deep_document": "input_limits",
    "slow_pattern": "input_limits",
    "registration_burst": "rate_limit",
    "forwarded_burst": "rate_limit",
    "budget_multiplied": "rate_limit",
    "file_outside": "file_path",
    "imported_code": "deserialization",
    "foreign_origin_reads": "browser_policy",
    "foreign_socket": "browser_policy",
    "page_framed": "browser_policy",
    "error_leak": "errors_and_docs",
    "docs_exposed": "errors_and_docs",
    "weak_handshake": "transport",
    "act_unrecorded": "audit_log",
    "audit_line_forged": "audit_log",
    "audit_edited": "audit_log",
    "coupon_overspent": "stock_and_coupon",
    "order_doubled": "stock_and_coupon",
    "avatar_script": "upload_content",
    "avatar_no_picture": "upload_content",
    "avatar_bomb": "upload_content",
    "cached_draft": "response_cache",
    "cached_token": "token_cache",
    "type_confused": "input_validation",
    "rules_skipped": "input_validation",
    "statements_grow": "query_shape",
}
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


def test_the_catalog_is_the_documented_one() -> None:
    """Names, controls and number of the probes are those of the architecture page."""
    assert {probe.name: probe.control for probe in CATALOG} == CONTROLS


@pytest.mark.parametrize("status", [200, 302, 401, 403, 404, 429, 500, 503])
def test_nothing_is_stopped_by_a_server_that_does_not_work(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that answers everything alike has no control that holds: no probe may say stopped, nor succeeded."""
    monkeypatch.setattr("security.probe.client.PAUSE_S", 0.01)  # patience with a 503 is not what is shown here
    with serving(lambda _: Answer(status, {}, {"location": "/elsewhere"})) as url:
        results = {outcome.probe: outcome.result for outcome in run_suite(target_at(url))}
    # What it answers truthfully: no path is told from a missing one, no key is published and no second worker runs.
    excepted = {"docs_exposed", "token_algorithm_swap", "throttle_multiplied", "budget_multiplied", "weak_handshake"}
    assert {probe: result for probe, result in results.items() if probe not in excepted} == dict.fromkeys(
        CONTROLS.keys() - excepted, Result.COULD_NOT_RUN
    )


def test_a_log_in_alone_stops_nothing() -> None:
    """A server that logs everyone in and fails otherwise leaves every question open."""

    def answer(request: Request) -> Answer:
        if request.path == "/api/users/login":
            return Answer(200, {"user": {"token": TOKEN}})
        return Answer(500, {})

    with serving(answer) as url:
        results = {
            outcome.result
            for outcome in run_suite(
                target_at(url),
                CONTROLS.keys()
                - {"throttle_multiplied", "budget_multiplied", "token_algorithm_swap", "weak_handshake"},
            )
        }
    assert results == {Result.COULD_NOT_RUN}


def test_a_dead_target_could_not_be_attacked() -> None:
    """Where nothing listens every probe could not run, with the reason."""
    host = random_address()
    outcomes = list(run_suite(target_at(f"http://{host}:{free_port(host)}"), ["sql_boolean", "docs_exposed"]))
    assert [outcome.result for outcome in outcomes] == [Result.COULD_NOT_RUN] * 2
    assert all("Connection refused" in outcome.evidence for outcome in outcomes)


def test_the_guard_stands_before_the_first_request() -> None:
    """A target that is neither loopback nor authorised is refused when the suite is made, not when it runs."""
    with pytest.raises(Refused):
        run_suite(target_at("http://203.0.113.7:8000"))


def test_an_unknown_probe_is_named() -> None:
    """A mistyped probe is an error that lists the probes there are."""
    with pytest.raises(UnknownProbeError, match=r"no probe sql_bolean; there are .*sql_boolean"):
        run_suite(target_at("http://127.0.0.1:9"), ["sql_bolean"])


def test_redirects_are_not_followed() -> None:
    """A redirect to another server is an answer, not an errand: the other server hears nothing."""
    heard: list[Request] = []

    def elsewhere(request: Request) -> Answer:
        heard.append(request)
        return Answer()

    with serving(elsewhere) as other, serving(lambda _: Answer(307, {}, {"location": other})) as url:
        list(run_suite(target_at(url)))
    assert heard == []


def test_each_identity_has_an_address_and_the_host_is_the_targets() -> None:
    """The two identities of a probe come from two loopback addresses, and another probe's from others."""
    peers: list[str] = []
    hosts: set[str] = set()

    def answer(request: Request) -> Answer:
        if request.path == "/api/users/login":
            peers.append(request.peer)
            hosts.add(request.host)
            return Answer(200, {"user": {"token": TOKEN}})
        return Answer(404, {})

    with serving(answer) as url:
        list(run_suite(target_at(url), ["foreign_draft_read", "foreign_article_changed"]))
    assert len(peers) == len(set(peers)) == 4
    assert all(peer.startswith("127.") and peer != "127.0.0.1" for peer in peers)
    assert hosts == {url.removeprefix("http://")}


def test_requests_are_counted() -> None:
    """The outcome's number of requests is the number that the server saw."""
    seen: list[str] = []

    def answer(request: Request) -> Answer:
        seen.append(request.path)
        return Answer(404, {})

    with serving(answer) as url:
        (outcome,) = run_suite(target_at(url), ["docs_exposed"])
    assert outcome.requests == len(seen) > 10
    assert set(outcome.as_json()) == {"probe", "control", "api", "result", "evidence", "requests", "seconds"}


def test_an_authorised_rate_is_kept() -> None:
    """A highest rate in the authorisation spaces requests out."""
    leave = Authorization(max_rate=100.0)
    with serving(lambda _: Answer(404, {})) as url:
        (outcome,) = run_suite(target_at(url, authorization=leave), ["docs_exposed"])
    assert outcome.requests / outcome.seconds <= 105


def test_evidence_is_redacted() -> None:
    """A server that echoes a token or a hash into its errors does not get it into the evidence."""
    echo = {"errors": {"token": [TOKEN]}, "authorization": f"Token {TOKEN}", "hash": "a1" * 32}
    with serving(lambda _: Answer(500, echo)) as url:
        outcomes = [json.dumps(outcome.as_json()) for outcome in run_suite(target_at(url))]
    assert not any(TOKEN in outcome or "a1" * 32 in outcome for outcome in outcomes)


def lab_script(folder: Path, code: str) -> list[str]:
    script = folder / "lab.py"
    script.write_text(code)
    return [sys.executable, str(script), "{username}{kind}"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("print('no json')", "printed no JSON"),
        ("print('[]')", "no object"),
        ("print('{}')", "printed no row"),
        ("import sys; sys.exit('it broke: password=hunter2hunter2')", "ended with 1: it broke: password=hun…[14]"),
    ],
)
def test_a_lab_command_that_fails_is_a_reason(tmp_path: Path, code: str, reason: str) -> None:
    """What a lab command does wrong stands in the evidence, redacted, and the probe could not run."""
    lab = LabCommands(read_db=lab_script(tmp_path, code))
    (outcome,) = run_suite(target_at("http://127.0.0.1:9", lab), ["fast_password_hash"])
    assert outcome.result is Result.COULD_NOT_RUN
    assert reason in outcome.evidence


@pytest.mark.parametrize("make", [lambda: None, lambda: ["/no/such/program", "{username}"]])
def test_a_missing_lab_command_is_a_reason(make: Callable[[], list[str] | None]) -> None:
    """Without its lab command a probe could not run, and says which one it needs."""
    (outcome,) = run_suite(target_at("http://127.0.0.1:9", LabCommands(read_db=make())), ["fast_password_hash"])
    assert outcome.result is Result.COULD_NOT_RUN
    assert "lab command read_db" in outcome.evidence


def test_a_fault_is_repaired_even_if_the_attack_fails(tmp_path: Path) -> None:
    """The lab's repair runs after the fault though the target is dead."""
    log = tmp_path / "log"
    code = f"import sys; open({str(log)!r}, 'a').write(sys.argv[1] + ' ')\n"
    provokes = 'print(\'{"provokes": {"method": "GET", "path": "/api/tags"}}\')'
    lab = LabCommands(fault=lab_script(tmp_path, code + provokes))
    (outcome,) = run_suite(target_at("http://127.0.0.1:9", lab), ["error_leak"])
    assert outcome.result is Result.COULD_NOT_RUN
    assert log.read_text().replace("{username}", "").split() == ["missing_table", "repair"]
