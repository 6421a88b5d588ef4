"""The probe of strangers on three backends: at least 85 % of the seeded flaws, and nothing on their mended twins."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.parts.strange_backend import APPLICATIONS, strange_backend
from tests.security.strangers.evaluation import Evaluation, covers, evaluate, matched_apart
from tests.security.strangers.truth import Flaw

pytestmark = pytest.mark.xdist_group("strangers_evaluation")

SHARE = 0.85
REQUESTS, SECONDS = 300, 30


@cache
def evaluation(application: str, *, repaired: bool) -> Evaluation:
    with TemporaryDirectory() as folder, strange_backend(application, Path(folder), repaired=repaired) as backend:
        return evaluate(backend)


@pytest.mark.parametrize("repaired", [False, True], ids=["flawed", "mended"])
@pytest.mark.parametrize("application", APPLICATIONS)
def test_a_run_keeps_its_budget(application: str, repaired: bool) -> None:
    """300 requests and 30 s, the start of the command included."""
    run = evaluation(application, repaired=repaired)
    assert run.requests <= REQUESTS
    assert run.seconds <= SECONDS


@pytest.mark.parametrize("application", APPLICATIONS)
def test_a_mended_form_raises_no_alarm(application: str) -> None:
    """Whatever looks suspicious there and is right, as README.md lists it."""
    assert list(evaluation(application, repaired=True).false_alarms) == []


def test_most_seeded_flaws_are_found() -> None:
    """85 % over all by the rule of README.md, and also where a finding may stand for one flaw alone."""
    runs = [evaluation(application, repaired=False) for application in APPLICATIONS]
    seeded = sum(len(run.found) + len(run.missed) for run in runs)
    missed = {run.backend: run.missed for run in runs}
    assert sum(len(run.found) for run in runs) >= SHARE * seeded, missed
    assert sum(run.apart for run in runs) >= SHARE * seeded, missed


def flaw(*operations: str) -> Flaw:
    return Flaw("one", ("API1",), (639,), operations, documented=True, what="", proof="")


def finding(method: str, path: str, owasp: list[str], cwe: list[str]) -> dict[str, object]:
    return {"method": method, "path": path, "owasp": owasp, "cwe": cwe}


@pytest.mark.parametrize(
    ("found", "counts"),
    [
        (finding("GET", "/a/{id}", ["API1"], ["1"]), True),
        (finding("GET", "/a/{id}", [], ["639"]), True),
        (finding("PUT", "/a/{id}", ["API1"], ["639"]), False),
        (finding("GET", "/a/{id}", ["API2"], ["287"]), False),
    ],
)
def test_a_flaw_counts_by_its_place_and_its_kind(found: dict[str, object], counts: bool) -> None:
    """Neither the operation alone nor the ids alone are enough; `*` is any operation."""
    assert covers(found, flaw("GET /a/{id}")) is counts
    assert covers(found, flaw("*")) is (found["owasp"] == ["API1"] or found["cwe"] == ["639"])


def test_a_finding_stands_for_one_flaw() -> None:
    """Two flaws need two findings, however they are paired."""
    one, other = (finding("GET", path, ["API1"], []) for path in ("/a", "/b"))
    flaws = [flaw("*"), flaw("GET /a")]
    assert matched_apart([one], flaws) == 1
    assert matched_apart([one, other], flaws) == 2
    assert matched_apart([other], flaws) == 1
