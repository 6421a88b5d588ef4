"""A run is judged from its events alone, and what is missing is said."""

from __future__ import annotations

import pytest

from tests.tradeoff.catalog import CATALOG
from tests.tradeoff.judge.recorded import BLOCK, start, windows
from tradeoff.judge.run import judge_run
from tradeoff.judge.summary import Summary
from tradeoff.plan.arm import parse_arm
from tradeoff.plan.plan import Plan
from tradeoff.record.events import AnyEvent, Attack, AttacksEnded, ProbeResult, RunEnded, Scanned
from tradeoff.target.errors import TradeoffError

ARMS = ("hardened", "hardened,lock=open", "hardened,cache=shared")
PROBES = {"walk_in": "lock", "walk_out": "lock", "mixed_up": "cache"}
DECLARED = {"hardened,lock=open": {"walk_in", "walk_out"}, "hardened,cache=shared": {"mixed_up"}}
CLEAN_SCAN: dict[str, object] = {"scanners": [], "findings": [], "unexpected": [], "missing": []}


def attacks(changes: dict[tuple[str, str], ProbeResult] | None = None) -> list[AnyEvent]:
    """Outcomes as declared, but for the changes."""
    events: list[AnyEvent] = []
    for arm in ARMS:
        for probe, control in PROBES.items():
            usual: ProbeResult = "succeeded" if probe in DECLARED.get(arm, set()) else "stopped"
            result = (changes or {}).get((arm, probe), usual)
            events.append(
                Attack(
                    arm=arm,
                    probe=probe,
                    control=control,
                    api="API1",
                    result=result,
                    evidence="seen",
                    requests=1,
                    seconds=0.1,
                )
            )
        events.append(AttacksEnded(arm=arm, workers=1, requests=3, seconds=0.3))
    return events


def run(middle: list[AnyEvent], *, ended: bool = True, scan: bool = False) -> Summary:
    """A whole run around some attacks."""
    plan = Plan(
        name="p", blocks=(BLOCK,), attacks=tuple(parse_arm(arm, CATALOG) for arm in ARMS), scan=scan, articles=10
    )
    tail: list[AnyEvent] = [RunEnded(status="complete")] if ended else []
    return judge_run([start(plan), *windows({"enter": 0.5, "leave": 1.0}), *middle, *tail])


def test_a_run_in_which_all_came_out_as_declared_passes() -> None:
    """Weak levels broken as declared are no failure."""
    summary = run(attacks())
    assert (summary.verdict, summary.not_measured) == ("pass", [])


def test_a_control_that_costs_and_stops_is_to_be_kept() -> None:
    """The row: both attacks stopped, half of the journey's CPU, decision keep."""
    (row, _) = run(attacks()).rows
    assert (row.stopped, row.attacks, row.decision) == (2, 2, "keep")
    assert row.price_share
    assert row.price_share.low < 0.5 < row.price_share.high
    assert row.price_us
    assert row.price_us.value == pytest.approx(250, rel=0.1)


def test_an_optimisation_that_opens_something_is_a_trap() -> None:
    """Even where it was not priced."""
    row = run(attacks()).rows[1]
    assert row.decision == "trap"
    assert "mixed up succeeds" in row.reason


def test_an_undeclared_success_fails_the_run() -> None:
    """An attack that gets through hardened is named."""
    summary = run(attacks({("hardened", "walk_in"): "succeeded"}))
    assert summary.verdict == "fail"
    assert "walk_in succeeded on hardened" in summary.verdict_reasons[0]
    assert summary.rows[0].decision == "review"


def test_a_declared_attack_that_no_longer_succeeds_fails_the_run() -> None:
    """Else a probe that went blind would look like safety."""
    summary = run(attacks({("hardened,lock=open", "walk_in"): "stopped"}))
    assert summary.verdict == "fail"
    assert "did not succeed" in summary.verdict_reasons[0]


def test_a_probe_that_could_not_run_makes_the_run_inconclusive() -> None:
    """It is never counted as stopped."""
    summary = run(attacks({("hardened", "walk_in"): "could_not_run"}))
    assert summary.verdict == "inconclusive"
    assert summary.rows[0].attacks == 1
    assert [one.subject for one in summary.not_measured] == ["walk_in on hardened"]


def test_an_unfinished_run_is_invalid_and_says_how_to_finish_it() -> None:
    """What was measured is shown all the same."""
    summary = run(attacks(), ended=False)
    assert summary.verdict == "invalid"
    assert "tradeoff resume" in summary.verdict_reasons[0]
    assert summary.prices[0].ratio


@pytest.mark.parametrize(
    ("scan", "says"),
    [
        ({"unexpected": [{"scanner": "bandit", "rule": "B608", "path": "a.py", "line": 3}]}, "B608 in a.py:3"),
        ({"scanners": [{"name": "bandit", "files": 1, "skipped": ["a.py"]}]}, "bandit skipped 1 files"),
    ],
)
def test_an_undeclared_finding_or_a_skipped_file_fails_the_run(scan: dict[str, object], says: str) -> None:
    """A scanner that looked away is no pass."""
    summary = run([*attacks(), Scanned(result=CLEAN_SCAN | scan)], scan=True)
    assert summary.verdict == "fail"
    assert says in summary.verdict_reasons[0]


def test_a_planned_scan_that_is_missing_is_not_measured() -> None:
    """Absent is not clean."""
    assert "static scan" in [one.subject for one in run(attacks(), scan=True).not_measured]


def test_the_frontier_has_the_reference_and_every_arm_that_was_priced_and_attacked() -> None:
    """Both figures or no point."""
    assert [point.arm for point in run(attacks()).frontier] == ["hardened", "hardened,lock=open"]


def test_a_folder_without_a_start_is_no_run() -> None:
    """A plain sentence."""
    with pytest.raises(TradeoffError, match="no start of a run"):
        judge_run([RunEnded(status="complete")])
