"""The images: what is in them, who they run as, and that the backend's can run nothing but `hardened`."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import pytest

from tests.compose.test_compose import OURS, ROOT

INSTRUCTION: Final = re.compile(r"^([A-Z]+)\s+(.+)$")


@dataclass
class Stage:
    """One stage: its base, and its instructions in order."""

    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def last(self, name: str) -> str:
        """The value of the last instruction of that name."""
        return [value for found, value in self.instructions if found == name][-1]


def _stages() -> dict[str, Stage]:
    stages: dict[str, Stage] = {}
    current = Stage("")
    for line in (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines():
        match = INSTRUCTION.match(line)
        if match and match[1] == "FROM":
            base, _, name = match[2].partition(" AS ")
            current = stages[name] = Stage(base)
        elif match:
            current.instructions.append((match[1], match[2]))
    return stages


STAGES: Final = _stages()


def test_bases_are_pinned() -> None:
    """Every stage stands on another one or on an exact, slim version of Python 3.11."""
    for stage in STAGES.values():
        assert stage.base in STAGES or re.fullmatch(r"python:3\.11\.\d+-slim-\w+", stage.base)


def test_packages_come_by_hash() -> None:
    """What is installed is what requirements.lock holds, each file checked against its hash."""
    installs = [value for _, value in STAGES["environment"].instructions if "pip install" in value]
    assert installs
    assert all("--require-hashes" in value and "requirements.lock" in value for value in installs)
    assert not [
        value for stage in STAGES.values() for _, value in stage.instructions if re.search(r"index-url|://", value)
    ]


@pytest.mark.parametrize("name", [service["build"]["target"] for service in OURS.values()])
def test_images_do_not_run_as_root(name: str) -> None:
    """Both images end as a user without a home."""
    assert STAGES[name].last("USER") == "10001:10001"


def test_images_hold_only_their_own_folder() -> None:
    """The backend's image holds the backend alone; the load generator's holds no backend."""
    copied = {
        name: {value.split()[0] for found, value in STAGES[name].instructions if found == "COPY"}
        for name in ("target", "load")
    }
    assert copied == {"target": {"target_app"}, "load": {"security", "loadtests"}}


def test_build_context_holds_nothing_else() -> None:
    """What is not copied is not even sent to the builder: no environment, no run, no history."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}
    assert let_in == {"requirements.lock", "target_app", "loadtests", "security"}
    assert any(fnmatch("target_app/__pycache__", rule) for rule in rules)


def test_entry_point_fixes_the_treatment() -> None:
    """Whatever treatment the container is told, the entry point runs the backend as `hardened`."""
    entry = json.loads(STAGES["target"].last("ENTRYPOINT"))
    assert entry[-3:] == ["python", "-m", "target_app"]
    shown = [*entry[:-3], sys.executable, "-c", "import os; print(os.environ['TARGET_TREATMENT'])"]
    told = {**os.environ, "TARGET_TREATMENT": "none"}
    assert subprocess.run(shown, env=told, capture_output=True, text=True, check=True).stdout == "hardened\n"


@pytest.mark.parametrize("treatment", ["none", "tutorial", "hardened,object_authz=off"])
def test_backend_refuses_weak_levels_beyond_loopback(treatment: str, tmp_path: Path) -> None:
    """Started with the image's own command, a weak treatment ends at once with one sentence and listens nowhere."""
    command = json.loads(STAGES["target"].last("CMD"))
    environment = {**os.environ, "TARGET_TREATMENT": treatment, "TARGET_DATABASE_URL": f"sqlite:///{tmp_path}/t.db"}
    done = subprocess.run(
        [sys.executable, "-m", "target_app", *command],
        env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "loopback" in done.stderr
    assert "Traceback" not in done.stderr
