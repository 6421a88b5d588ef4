"""Every seeded flaw is found, nothing is found where there is none, and the budget holds."""

import json
import re

import pytest

from security.probe.outcome import Result
from security.stranger.catalog import CHECKS
from tests.security.stranger import shop_app
from tests.security.stranger.applications import APPLICATIONS, attacked

# One at a time where a run takes a fraction of a second; the press waits for calls that do not come.
SINGLE = [(name, flaw) for name in ("notes", "shop", "club") for flaw in APPLICATIONS[name].flaws]


@pytest.mark.parametrize("name", APPLICATIONS)
def test_a_repaired_application_raises_no_alarm(name: str) -> None:
    """No finding, and every check says how it ended, within 300 requests and 30 s."""
    report = attacked(name, set())
    assert [finding.evidence for finding in report.findings] == []
    assert [outcome.probe for outcome in report.outcomes] == [check.name for check in CHECKS]
    assert all(outcome.evidence for outcome in report.outcomes)
    assert report.requests <= 300
    assert report.seconds <= 30
    assert report.requests >= sum(outcome.requests for outcome in report.outcomes)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_all_flaws_of_an_application_are_found(name: str) -> None:
    """Each by the check that is made for it, also where all stand open together."""
    application = APPLICATIONS[name]
    report = attacked(name, set(application.flaws))
    found = {finding.check for finding in report.findings}
    assert set(application.flaws.values()) <= found
    assert found <= set(application.flaws.values()) | application.also
    assert {outcome.probe for outcome in report.outcomes if outcome.result is Result.SUCCEEDED} == found
    assert report.requests <= 300


@pytest.mark.parametrize(("name", "flaw"), SINGLE)
def test_a_flaw_is_found_alone(name: str, flaw: str) -> None:
    """One flaw gives findings of its own check, and of no other."""
    application = APPLICATIONS[name]
    found = {finding.check for finding in attacked(name, {flaw}).findings}
    assert application.flaws[flaw] in found
    assert found <= {application.flaws[flaw]} | application.also


def test_a_coupon_that_two_requests_at_once_redeem_is_found() -> None:
    """A second time is refused, but not several at the same time."""
    report = attacked("shop", {shop_app.RACING})
    assert [finding.check for finding in report.findings] == ["one_time"]
    assert "at once" in report.findings[0].evidence


def test_a_finding_has_its_ids_its_place_and_the_same_id_in_every_run() -> None:
    """OWASP, CWE and ASVS ids, method and path template, and an id that a second run gives again."""
    first, second = (attacked("notes", {"note_read"}) for _ in range(2))
    (finding,) = first.findings
    assert (finding.method, finding.path) == ("GET", "/api/notes/{note_id}")
    assert (finding.owasp, finding.cwe, finding.asvs) == (["API1"], ("639",), ("8.2.2",))
    assert finding.id == second.findings[0].id


def test_no_credential_stands_in_a_report() -> None:
    """Neither tokens nor passwords nor the keys of the identities' file, in evidence and scripts."""
    for name in ("notes", "press"):
        text = json.dumps(attacked(name, set(APPLICATIONS[name].flaws)).as_json("http://127.0.0.1"), ensure_ascii=False)
        assert "eyJ" not in text
        assert not any(key in text for key in APPLICATIONS["press"].environment.values() if "key-of" in key)
        assert "-Orea42" not in text.replace("Vk7!«nonce»-Orea42", "")


def test_coverage_says_which_operations_answered_whom() -> None:
    """By identity; operations that were never asked are named."""
    coverage = attacked("notes", set()).coverage
    assert "GET /api/notes/{note_id}" in coverage["reached"]["alice"]
    assert "GET /api/notes/{note_id}" not in coverage["reached"].get("bob", [])
    assert coverage["operations"] == 16
    assert coverage["never_asked"] == []


@pytest.mark.parametrize("limit", [3, 20, 60])
def test_a_small_budget_is_kept_and_what_was_not_tried_is_said(limit: int) -> None:
    """Never more requests than allowed; a check that could not try everything is never "stopped"."""
    report = attacked("notes", set(), requests=limit)
    assert report.requests <= limit
    short = [outcome for outcome in report.outcomes if outcome.result is Result.COULD_NOT_RUN]
    assert short
    assert all(re.search("budget|fitted|Too few items", outcome.evidence) for outcome in short)
