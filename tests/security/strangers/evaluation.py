"""What `tradeoff probe` finds on a stranger, held against the seeded flaws.

`python -m tests.security.strangers.evaluation` prints one line of JSON for each backend and form, as
`tests/acceptance/results/strangers-*.jsonl` keep them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.parts.repository import ROOT
from tests.parts.strange_backend import APPLICATIONS, StrangeBackend, strange_backend
from tests.security.strangers.truth import Flaw, read_truth


@dataclass(frozen=True)
class Evaluation:
    """One run of the probe. `seconds` are those of the whole command, `findings` are `check METHOD /path`.

    `found` and `missed` are ids of flaws by the rule of README.md; `apart` counts the found ones where a finding may
    stand for one flaw alone; `beside` are findings on a flawed form that no flaw covers, `false_alarms` all on a
    mended one.
    """

    backend: str
    repaired: bool
    requests: int
    seconds: float
    found: Sequence[str]
    missed: Sequence[str]
    apart: int
    beside: Sequence[str]
    false_alarms: Sequence[str]
    could_not_run: Sequence[str]


def covers(finding: dict[str, Any], flaw: Flaw) -> bool:
    """Whether the finding names one of the flaw's operations, and one of its OWASP ids or CWE numbers."""
    where = f"{finding['method']} {finding['path']}"
    same_place = "*" in flaw.operations or where in flaw.operations
    return same_place and bool({*finding["owasp"]} & {*flaw.owasp} or {*map(int, finding["cwe"])} & {*flaw.cwe})


def matched_apart(findings: Sequence[dict[str, Any]], flaws: Sequence[Flaw]) -> int:
    """How many flaws are found where each finding stands for one of them (a largest matching, by augmenting paths)."""
    taken: dict[int, int] = {}

    def place(number: int, tried: set[int]) -> bool:
        for at, finding in enumerate(findings):
            if at in tried or not covers(finding, flaws[number]):
                continue
            tried.add(at)
            if at not in taken or place(taken[at], tried):
                taken[at] = number
                return True
        return False

    return sum(place(number, set()) for number in range(len(flaws)))


def evaluate(backend: StrangeBackend) -> Evaluation:
    """Attack a running backend as a user would: by its URL and its document alone."""
    result, seconds = run_probe(backend)
    return judge(backend.application.name, result, seconds, repaired=backend.repaired)


def run_probe(backend: StrangeBackend, *options: str) -> tuple[dict[str, Any], float]:
    """The command's JSON and its wall-clock seconds."""
    command = [sys.executable, "-m", "tradeoff", "probe", "--url", backend.url, "--openapi", str(backend.document)]
    began = time.monotonic()
    done = subprocess.run([*command, "--json", *options], cwd=ROOT, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    if done.returncode not in (0, 1, 3):
        raise RuntimeError(f"the probe ended with {done.returncode}: {done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result, seconds


def judge(application: str, result: dict[str, Any], seconds: float, *, repaired: bool) -> Evaluation:
    """The result of a run as an evaluation."""
    findings, flaws = result["findings"], read_truth(application)
    named = [f"{one['check']} {one['method']} {one['path']}" for one in findings]
    found = [flaw.id for flaw in flaws if any(covers(one, flaw) for one in findings)]
    beside = [name for one, name in zip(findings, named, strict=True) if not any(covers(one, f) for f in flaws)]
    return Evaluation(
        application,
        repaired,
        result["requests"],
        round(seconds, 1),
        [] if repaired else found,
        [] if repaired else [flaw.id for flaw in flaws if flaw.id not in found],
        0 if repaired else matched_apart(findings, flaws),
        [] if repaired else beside,
        named if repaired else [],
        [f"{one['probe']}: {one['evidence']}" for one in result["outcomes"] if one["result"] == "could_not_run"],
    )


def main() -> None:
    """Evaluate all backends in both forms, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backends", nargs="*", metavar="BACKEND", help=f"of {', '.join(APPLICATIONS)}")
    for name in parser.parse_args().backends or APPLICATIONS:
        for repaired in (False, True):
            with TemporaryDirectory() as folder, strange_backend(name, Path(folder), repaired=repaired) as backend:
                print(json.dumps(asdict(evaluate(backend))), flush=True)


if __name__ == "__main__":
    main()
