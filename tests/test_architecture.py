"""The house rules that a reader relies on, held by reading the code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
STAGES = ["target", "plan", "record", "measure", "judge", "report", "cli"]
KNOWS = {
    "target_app": {"target_app"},
    "loadtests": {"loadtests", "security"},
    "security": {"security"},
    "tradeoff": {"tradeoff", "loadtests", "security"},
}
FOLDERS = {"target_app", "loadtests", "security", "tradeoff", "benchmarks", "dashboards", "tests"}


def imports(path: Path) -> set[str]:
    """Dotted names of all modules that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("folder", KNOWS)
def test_a_folder_imports_only_what_it_may_know(folder: str) -> None:
    """target_app imports nothing of ours, tradeoff never target_app, and so on."""
    files = list((ROOT / folder).rglob("*.py"))
    assert files, f"{folder} has no code"
    for path in files:
        ours = {name.split(".")[0] for name in imports(path)} & FOLDERS
        assert ours <= KNOWS[folder], f"{path} imports {ours - KNOWS[folder]}"


def test_data_flows_one_way_through_the_stages_of_tradeoff() -> None:
    """A stage imports only stages that stand before it."""
    for path in (ROOT / "tradeoff").rglob("*.py"):
        stage = path.relative_to(ROOT / "tradeoff").parts[0]
        if stage not in STAGES:
            continue
        allowed = set(STAGES[: STAGES.index(stage) + 1])
        used = {name.split(".")[1] for name in imports(path) if name.startswith("tradeoff.")}
        assert used <= allowed, f"{path} imports {used - allowed}, which come after {stage}"


def test_gevent_lives_in_the_load_process_alone() -> None:
    """No other folder imports gevent or locust, which patch the standard library."""
    for folder in KNOWS.keys() - {"loadtests"}:
        for path in (ROOT / folder).rglob("*.py"):
            assert not {name.split(".")[0] for name in imports(path)} & {"gevent", "locust"}, path


def test_the_guard_needs_the_standard_library_alone() -> None:
    """It stands before all traffic, so nothing may stand before it."""
    import sys

    used = {name.split(".")[0] for name in imports(ROOT / "security" / "guard.py")}
    assert used <= sys.stdlib_module_names


def test_no_file_names_a_package_index_or_silences_the_scanner() -> None:
    """Locks carry no index, and weak code is declared, never hidden with a nosec."""
    index, nosec = "pypi" + ".org", "# no" + "sec"
    for path in ROOT.rglob("*"):
        relative = path.relative_to(ROOT)
        if relative.parts[0].startswith(".") or relative.parts[0] == "runs" or not path.is_file():
            continue
        if path.suffix in {".py", ".toml", ".lock", ".md", ".yml", ".yaml"}:
            text = path.read_text(encoding="utf-8")
            assert index not in text, path
            assert relative.parts[0] not in KNOWS or nosec not in text, path
