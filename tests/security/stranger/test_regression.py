"""A finding is played again, and as a test of its owner's: it fails while the flaw is there and passes when it is gone."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from security.guard import Refused
from security.probe.outcome import Result
from security.regression.player import Answer, decoded, expired, holds, resigned, tampered, unsigned
from security.regression.replay import NoFindingError, find, replay
from security.regression.writer import write_tests
from tests.security.stranger.applications import APPLICATIONS, KEYS, attacked, running

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"


@cache
def findings(name: str) -> list[dict[str, Any]]:
    """The findings on an application with all its flaws, as they come out of a file."""
    report = attacked(name, set(APPLICATIONS[name].flaws)).as_json("http://127.0.0.1")
    read: list[dict[str, Any]] = json.loads(json.dumps(report))["findings"]
    return read


@pytest.mark.parametrize("name", APPLICATIONS)
def test_every_finding_is_played_again(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a fresh start of the flawed application each is there, on the repaired one none is."""
    for key, value in APPLICATIONS[name].environment.items():
        monkeypatch.setenv(key, value)
    found = findings(name)
    assert found
    with running(name, set(APPLICATIONS[name].flaws)) as url:
        results = {outcome.probe: outcome.result for outcome in replay(url, found)}
    assert results == dict.fromkeys(results, Result.SUCCEEDED)
    with running(name, set()) as url:
        results = {outcome.probe: outcome.result for outcome in replay(url, found)}
    assert results == dict.fromkeys(results, Result.STOPPED)


def test_a_secret_that_is_not_given_is_said() -> None:
    """What must not stand in a file comes from the environment; without it nothing can be said."""
    (found,) = (one for one in findings("press") if one["check"] == "object_read")
    with running("press", set()) as url:
        (outcome,) = replay(url, [found])
    assert outcome.result is Result.COULD_NOT_RUN
    assert "TRADEOFF_ALICE_HEADER_X_API_KEY" in outcome.evidence


def test_replaying_is_guarded() -> None:
    """As the attack itself."""
    with pytest.raises(Refused):
        replay("http://192.0.2.7", [])


def test_findings_are_found_in_a_result(tmp_path: Path) -> None:
    """By file, by file and id; anything else is refused with a sentence."""
    file = tmp_path / "result.json"
    file.write_text(json.dumps({"findings": [{"id": "a1", "script": {}}, {"id": "b2", "script": {}}]}))
    assert [one["id"] for one in find(str(file))] == ["a1", "b2"]
    assert [one["id"] for one in find(f"{file}#b2")] == ["b2"]
    for wrong in (f"{file}#c3", str(tmp_path / "none.json"), str(Path(__file__))):
        with pytest.raises(NoFindingError):
            find(wrong)


def test_the_written_tests_stand_alone(tmp_path: Path) -> None:
    """pytest and httpx suffice: red on the flawed application, green on the repaired one, and no secret in the file."""
    file = tmp_path / "test_flaws.py"
    found = findings("notes")
    assert write_tests(found, "http://127.0.0.1:9", file) == len(found)
    text = file.read_text()
    assert "eyJ" not in text
    assert "security" not in {
        line.split(" ")[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))
    }
    with running("notes", set(APPLICATIONS["notes"].flaws)) as url:
        assert f"{len(found)} failed" in run_pytest(file, url)
    with running("notes", set()) as url:
        assert f"{len(found)} passed" in run_pytest(file, url)


def run_pytest(file: Path, url: str) -> str:
    """What pytest prints of this file, in a process and folder of its own."""
    command = [
        sys.executable,
        "-I",
        "-m",
        "pytest",
        "-q",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(file.parent),
        file.name,
    ]
    environment = {**os.environ, **KEYS, "BASE_URL": url}
    done = subprocess.run(command, cwd=file.parent, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_forged_tokens_are_what_they_say() -> None:
    """Without signature, with one claim more, signed anew, and ended yesterday."""
    assert decoded(unsigned(TOKEN).split(".")[0])["alg"] == "none"
    assert unsigned(TOKEN).endswith(".")
    assert tampered(TOKEN).split(".")[2] == TOKEN.split(".")[2]
    assert decoded(tampered(TOKEN).split(".")[1]) == {"sub": "a", "probe": 1}
    assert resigned(TOKEN, "word").split(".")[2] != TOKEN.split(".")[2]
    assert decoded(expired(TOKEN, "word").split(".")[1])["exp"] > 0


@pytest.mark.parametrize(
    ("condition", "holding"),
    [
        ({"of": 0, "status": [200, 299]}, True),
        ({"of": 0, "status": [400, 499]}, False),
        ({"of": 0, "contains": "b"}, True),
        ({"of": 0, "lacks": "b"}, False),
        ({"of": 0, "matches": "[ab]"}, True),
        ({"of": 0, "header": ["X-One", "^1$"]}, True),
        ({"of": 0, "at": ["/a/0", 1]}, True),
        ({"of": 0, "at": ["/a/9", 1]}, False),
        ({"of": 0, "at_not": ["/b", None]}, True),
        ({"of": 0, "longer_than": 1}, True),
        ({"of": 0, "longer_than": 2}, False),
        ({"of": 1, "like": 0}, False),
        ({"of": 1, "unlike": 0}, True),
        ({"of": 1, "same_at": [0, "/b"]}, True),
        ({"of": 1, "changed_at": [0, "/n"]}, True),
        ({"of": 1, "further_at": [0, "/n", 10]}, True),
        ({"of": 1, "further_at": [0, "/n", 11]}, False),
        ({"of": 1, "slower_by": [0, 0.4]}, True),
        ({"of": 1, "slower_than": 0.9}, False),
        ({"of": 0, "successes": 2}, True),
        ({"of": 0, "never": [500]}, False),
        ({"canary": "/x"}, True),
        ({"canary": "/y"}, False),
    ],
)
def test_conditions(condition: dict[str, Any], holding: bool) -> None:
    """Each means what it says."""
    more = (Answer(201, [], ""), Answer(500, [], ""))
    first = Answer(200, [("x-one", "1")], '{"a": [1, 2], "b": "b", "n": "5"}', 0.1, more)
    second = Answer(200, [], '{"b": "b", "n": 15}', 0.6)
    assert holds(condition, [first, second], ["/x/1"]) is holding
