"""What `tradeoff probe` writes down of a stranger: played again, and as tests of its owner's, on both forms."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from security.regression.replay import replay
from tests.parts.strange_backend import APPLICATIONS, strange_backend
from tests.security.strangers.evaluation import run_probe

pytestmark = pytest.mark.xdist_group("strangers_evaluation")


def found(application: str, folder: Path, *options: str) -> list[dict[str, Any]]:
    """The findings of the command on the flawed form."""
    with strange_backend(application, folder, repaired=False) as backend:
        findings: list[dict[str, Any]] = run_probe(backend, *options)[0]["findings"]
    assert findings
    return findings


@pytest.mark.parametrize("application", APPLICATIONS)
def test_findings_hold_on_the_flawed_form_and_not_on_the_mended_one(application: str, tmp_path: Path) -> None:
    """Each is there on a flawed backend that was started anew, and on a mended one none is."""
    findings = found(application, tmp_path)
    for repaired, result in ((False, "succeeded"), (True, "stopped")):
        with strange_backend(application, tmp_path, repaired=repaired) as backend:
            outcomes = {one.probe: one.result.value for one in replay(backend.url, findings)}
        assert outcomes == {f"{one['check']}-{one['id']}": result for one in findings}


def test_written_tests_fail_on_the_flawed_form_and_pass_on_the_mended_one(tmp_path: Path) -> None:
    """All of them, also where few accounts may be registered from one address."""
    file = tmp_path / "test_flaws.py"
    count = len(found("allotment", tmp_path, "--pytest", str(file)))
    for repaired, tally in ((False, f"{count} failed in"), (True, f"{count} passed in")):
        with strange_backend("allotment", tmp_path, repaired=repaired) as backend:
            assert last_line(backend.url, file).startswith(tally)


def last_line(url: str, file: Path) -> str:
    """What pytest says of the file in the end."""
    command = [sys.executable, "-I", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(file.parent)]
    environment = {**os.environ, "BASE_URL": url}
    done = subprocess.run([*command, file], env=environment, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()[-1]
