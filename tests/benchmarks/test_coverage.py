"""That no factor, level or hypothesis is missing among the benchmarks."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.parts.repository import ROOT
from tests.parts.target import describe

LEVEL = re.compile(r"\[(?P<factor>\w+)=(?P<level>\w+)\]")


def run_once(report: Path) -> set[tuple[str, str]]:
    """Run every benchmark a single time, unmeasured; the (factor, level) pairs of those that passed."""
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "benchmarks", "--benchmark-disable", "--quiet",
            "-p", "no:xdist", "-p", "no:cacheprovider", f"--junitxml={report}",
        ],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    # The report is the file that our own pytest has just written.
    cases = [case for case in ElementTree.parse(report).iter("testcase") if case.find("skipped") is None]
    found = [LEVEL.search(case.attrib["name"]) for case in cases]
    return {(match["factor"], match["level"]) for match in found if match}


def test_every_level_of_every_factor_is_benchmarked(tmp_path: Path) -> None:
    """Each (factor, level) that `describe` prints has a benchmark that works, and there is none for any other."""
    declared = {
        (factor["name"], level["name"]) for factor in describe(tmp_path)["factors"] for level in factor["levels"]
    }
    assert run_once(tmp_path / "report.xml") == declared


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").glob("test_*.py")), ids=lambda path: path.stem)
def test_every_benchmark_states_its_hypothesis(path: Path) -> None:
    """The docstring of each says what is expected before anything is measured."""
    functions = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
    benchmarks = [function for function in functions if function.name.startswith("test_")]
    assert benchmarks, f"{path} has no benchmark"
    for function in benchmarks:
        assert (ast.get_docstring(function) or "").startswith("Hypothesis: "), f"{path.name}: {function.name}"
