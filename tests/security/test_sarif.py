"""The SARIF document: valid, linked to controls, free of secrets, and honest about what was suppressed or skipped."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from security.sarif import build_sarif
from security.scan.scan import scan
from tests.security.sarif_schema import SARIF

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
IDS = {
    "sql": {"owasp": [], "asvs": ["1.2.4"], "cwe": ["89"]},
    "object_authz": {"owasp": ["API1"], "asvs": [], "cwe": ["639"]},
}


def attack(probe: str, control: str, result: str = "succeeded", **more: object) -> dict[str, object]:
    evidence = f"Sent {TOKEN} and it answered 200."
    return {"probe": probe, "control": control, "api": None, "result": result, "evidence": evidence, **more}


@pytest.fixture
def scanned(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "query.py").write_text(
        "def find(run, name):\n    return run(f\"SELECT * FROM t WHERE n = '{name}'\")\n"
    )
    (tmp_path / "weak.py").write_text("import hashlib\n\nhashlib.md5(b'')\n")
    (tmp_path / "broken.py").write_text("def (\n")
    declared = [{"rule": "B608", "path": "query.py", "control": "sql", "level": "string_built"}]
    return scan(["."], declared, root=tmp_path).as_json()


def valid(document: dict[str, Any]) -> dict[str, Any]:
    Draft202012Validator(SARIF, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(document)
    return document


def test_findings_and_attacks_make_one_valid_document(scanned: dict[str, Any]) -> None:
    """The joined scanners and the probes are two runs of one valid document, which names every scanner."""
    document = valid(build_sarif(scanned, [attack("sql_union", "sql")], IDS))
    assert [run["tool"]["driver"]["name"] for run in document["runs"]] == ["tradeoff-scan", "tradeoff-probes"]
    named = [one["name"] for one in document["runs"][0]["tool"]["extensions"]]
    assert named == ["bandit", "ruff", "tradeoff-rules", "tradeoff-secrets"]


def test_the_schema_can_fail(scanned: dict[str, Any]) -> None:
    """The schema that stands for the standard refuses a misspelt property."""
    document = build_sarif(scanned)
    document["runs"][0]["results"][0]["locatoins"] = []
    with pytest.raises(ValidationError):
        valid(document)


def test_a_result_carries_its_controls_ids(scanned: dict[str, Any]) -> None:
    """A finding and an attack carry their control, and its OWASP, ASVS and CWE ids beside the scanner's own."""
    attacks = [attack("foreign_draft_read", "object_authz", api="API1", arm="hardened,object_authz=off")]
    static, probes = build_sarif(scanned, attacks, IDS)["runs"]
    query = next(result for result in static["results"] if result["ruleId"] == "B608")
    assert query["properties"]["control"] == "sql"
    assert (query["properties"]["asvs"], query["properties"]["cwe"]) == (["1.2.4"], ["89"])
    assert query["properties"]["seen_by"] == ["bandit B608", "ruff S608"]
    assert query["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "find"}]
    (drafted,) = probes["results"]
    assert (drafted["properties"]["owasp"], drafted["properties"]["cwe"]) == (["API1"], ["639"])
    assert drafted["locations"][0]["logicalLocations"][0]["name"] == "hardened,object_authz=off"


def test_declared_results_are_suppressed_and_others_are_not(scanned: dict[str, Any]) -> None:
    """What was declared stands with a justification; what was not has none."""
    attacks = [attack("sql_error", "sql", declared=True, arm="weak"), attack("sql_union", "sql", arm="weak")]
    static, probes = build_sarif(scanned, attacks, IDS)["runs"]
    suppressed = {result["ruleId"]: bool(result["suppressions"]) for result in static["results"]}
    assert suppressed == {"B608": True, "B324": False}
    assert [len(result["suppressions"]) for result in probes["results"]] == [1, 0]


def test_only_successful_attacks_are_results() -> None:
    """A stopped attack is no result; one that could not run is a notification, never silence."""
    attacks = [attack("sql_error", "sql", "stopped"), attack("sql_union", "sql", "could_not_run")]
    (run,) = valid(build_sarif(None, attacks))["runs"]
    assert run["results"] == []
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "sql_union" in note["message"]["text"]


def test_a_skipped_file_makes_the_invocation_unsuccessful(scanned: dict[str, Any]) -> None:
    """A reader of the document alone sees that a file was not read."""
    invocation = build_sarif(scanned)["runs"][0]["invocations"][0]
    assert not invocation["executionSuccessful"]
    assert "bandit skipped broken.py" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_no_secret_leaves() -> None:
    """A token in the evidence does not reach the document."""
    assert TOKEN not in json.dumps(build_sarif(None, [attack("sql_union", "sql")]))


def test_fingerprints_tell_arms_apart() -> None:
    """The same attack on two arms is two results; on the same arm again it is the same one."""

    def fingerprint(arm: str) -> str:
        (result,) = build_sarif(None, [attack("sql_union", "sql", arm=arm)])["runs"][0]["results"]
        value: str = result["partialFingerprints"]["tradeoff/v1"]
        return value

    assert fingerprint("none") == fingerprint("none") != fingerprint("tutorial")


def test_a_dependency_that_was_not_looked_up_is_a_notification(scanned: dict[str, Any]) -> None:
    """A reader of the document alone sees what the audit could not say."""
    audit = {**scanned["scanners"][0], "skipped": [], "unknown": ["flask 2.0 of a.lock was not looked up: no answer"]}
    document = valid(build_sarif({**scanned, "scanners": [audit], "findings": []}))
    invocation = document["runs"][0]["invocations"][0]
    assert not invocation["executionSuccessful"]
    assert "was not looked up" in invocation["toolExecutionNotifications"][0]["message"]["text"]
