"""`tradeoff scan`: what ends with which code, and what it says."""

import json
from pathlib import Path

import pytest

from tests.tradeoff.cli.command import TOY, tradeoff

WEAK = "import os\n\n\n@app.get('/')\ndef f(name: str):\n    os.system('ls ' + name)\n"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """The toy backend's description with code, a lock and twins of its own."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text("VALUE = 1\n")
    (tmp_path / "app.lock").write_text("jinja2==3.1.6 --hash=sha256:aa\n")
    twin = tmp_path / "twins" / "command_injection" / "shell"
    twin.mkdir(parents=True)
    (twin / "weak.py").write_text(WEAK)
    (twin / "strong.py").write_text(WEAK.replace("os.system('ls ' + name)", "os.listdir('.')"))
    words = TOY.read_text(encoding="utf-8").replace("backend.py", str(TOY.with_name("backend.py")))
    path = tmp_path / "target.toml"
    path.write_text(words + '\n[scan]\npaths = ["app"]\ntwins = ["twins"]\n')
    return path


def test_clean_code_passes_and_the_scanners_are_rated(target: Path) -> None:
    """0, with the rates of each scanner and of all joined on the target's twins."""
    done = tradeoff("scan", "--target", target, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    rows = {(row["set"], row["scanner"]): row for row in result["rating"] if row["class"] is None}
    counts = {key: (row["found"], row["weak"], row["alarmed"]) for key, row in rows.items()}
    assert counts["twins", "tradeoff-rules"] == counts["twins", "joined"] == (1, 1, 0)
    assert counts["levels", "joined"] == (0, 1, 0)  # the toy's weak level is one that no scanner can see
    assert result["joined"] == {"tpr": 0.5, "fpr": 0.0}
    assert all({"files", "skipped", "tpr", "fpr"} <= one.keys() for one in result["scanners"])


def test_a_finding_fails(target: Path) -> None:
    """1, and the place is named with every scanner that saw it."""
    (target.parent / "app" / "main.py").write_text(WEAK)
    done = tradeoff("scan", "--target", target)
    assert done.returncode == 1
    assert "app/main.py:6 tradeoff-rules T103, bandit B605" in " ".join(done.stdout.split())


def test_a_dependency_that_was_not_looked_up_is_no_pass(target: Path) -> None:
    """3 with the selection of advisories that comes along; 0 with a source that holds all there is."""
    lock = target.parent / "app.lock"
    done = tradeoff("scan", "--target", target, "--lock", lock)
    assert done.returncode == 3
    assert "incomplete: 1 dependencies were not looked up" in done.stdout
    folder = target.parent / "pypi"
    folder.mkdir()
    events = [{"introduced": "0"}, {"fixed": "3.1.6"}]
    affected = [
        {"package": {"ecosystem": "PyPI", "name": "jinja2"}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    ]
    (folder / "a.json").write_text(json.dumps({"id": "A-1", "modified": "2025-06-01", "affected": affected}))
    assert tradeoff("scan", "--target", target, "--lock", lock, "--advisories", folder).returncode == 0
    lock.write_text("jinja2==3.1.5 --hash=sha256:aa\n")
    assert tradeoff("scan", "--target", target, "--lock", lock, "--advisories", folder).returncode == 1


def test_advisories_that_are_not_there_cannot_be_judged(target: Path) -> None:
    """2: a mistyped name is no clean bill."""
    done = tradeoff("scan", "--target", target, "--lock", target.parent / "app.lock", "--advisories", "nowhere.json")
    assert done.returncode == 2
    assert "cannot be read" in done.stderr
