"""The reference backend as a stranger: `hardened` raises no alarm, and the weak profile many."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from security.probe.outcome import Result
from security.regression.replay import replay
from security.stranger.document import read_document
from security.stranger.suite import Report, attack
from tests.parts.target import TargetServer, run_target, target_environment
from tests.parts.templates import SqliteTemplates

StartTarget = Callable[..., TargetServer]


def attacked(start: StartTarget, seeded: SqliteTemplates, folder: Path, treatment: str) -> Report:
    document = run_target("openapi", environment=target_environment("hardened", "sqlite:///unused.db", folder / "keys"))
    server = start(treatment, seeded.copy(folder, password_hash="sha256"))
    return attack(server.url, read_document(document))


@pytest.mark.xdist_group("stranger_reference")
def test_hardened_raises_no_alarm(start_target: StartTarget, seeded: SqliteTemplates, tmp_path: Path) -> None:
    """No finding, within the budget, and most checks carried out."""
    report = attacked(start_target, seeded, tmp_path, "hardened")
    assert [finding.evidence for finding in report.findings] == []
    assert report.requests <= 300
    assert report.seconds <= 30
    assert sum(outcome.result.value == "stopped" for outcome in report.outcomes) >= 15


@pytest.mark.xdist_group("stranger_reference")
def test_the_weak_profile_is_full_of_holes(start_target: StartTarget, seeded: SqliteTemplates, tmp_path: Path) -> None:
    """What the profile leaves open and a stranger can see is found, and played again on `hardened` it is gone."""
    report = attacked(start_target, seeded, tmp_path, "none")
    expected = {
        *("object_read", "object_changed", "object_deleted", "token_unsigned", "token_tampered", "login_throttle"),
        *("secret_fields", "sql_boolean", "sql_error", "error_leak", "debug_pages"),
    }
    assert expected <= {finding.check for finding in report.findings}
    text = json.dumps(report.as_json("http://127.0.0.1"))
    assert "eyJ" not in text
    (fresh := tmp_path / "fresh").mkdir()
    server = start_target("hardened", seeded.copy(fresh, password_hash="sha256"))
    outcomes = list(replay(server.url, json.loads(text)["findings"]))
    assert [one.evidence for one in outcomes if one.result is not Result.STOPPED] == []
