"""What opens under conditions, found from events."""

from __future__ import annotations

from collections.abc import Iterable

from tests.tradeoff.catalog import CATALOG
from tradeoff.judge.attacks import judge_attacks
from tradeoff.judge.openings import find_openings, judge_under, surprises_under, undecided_under
from tradeoff.plan.arm import parse_arm
from tradeoff.plan.conditions import AttackUnder, Conditions
from tradeoff.record.events import Attack, AttacksEnded, Event, ProbeResult

ARTICLES = 1000


def at(load: int = 0, workers: int = 1, articles: int = ARTICLES) -> Conditions:
    return Conditions(load=load, workers=workers, articles=articles)


def attacked(arm: str, under: Conditions | None, **results: ProbeResult) -> Iterable[Event]:
    for probe, result in results.items():
        yield Attack(
            arm=arm, probe=probe, control="", api="", result=result, evidence=result, requests=1, seconds=0, under=under
        )
    yield AttacksEnded(arm=arm, workers=under.workers if under else 1, requests=1, seconds=0, under=under)


def planned(arm: str, *conditions: Conditions) -> list[AttackUnder]:
    return [AttackUnder(arm=parse_arm(arm, CATALOG), conditions=one) for one in conditions]


def test_what_opens_by_load_is_told_once_at_its_mildest() -> None:
    """Stopped when idle and at 50 %, through at 100 and 150 %: it holds at 50 and opens at 100 % load."""
    plan = planned("hardened", at(50), at(100), at(150))
    events = [
        *attacked("hardened", None, guess="stopped"),
        *attacked("hardened", at(50), guess="stopped"),
        *attacked("hardened", at(100), guess="succeeded"),
        *attacked("hardened", at(150), guess="succeeded"),
    ]
    under = judge_under(events, plan, CATALOG)  # type: ignore[arg-type]
    idle = judge_attacks(events, [parse_arm("hardened", CATALOG)], CATALOG)  # type: ignore[arg-type]
    (opening,) = find_openings(under, idle, ARTICLES)
    assert (opening.holds, opening.opens, opening.by) == (at(50), at(100), ["100 % load"])
    assert opening.sentence == "guess on hardened holds at 50 % load and opens at 100 % load"
    assert not opening.declared
    assert len(surprises_under(under, plan, CATALOG)) == 2


def test_workers_and_data_are_told_apart() -> None:
    """Each respect by which something opens is a finding."""
    plan = planned("hardened", at(), at(workers=4), at(articles=100_000))
    events = [
        *attacked("hardened", at(), shared="stopped", slow="not_applicable"),
        *attacked("hardened", at(workers=4), shared="succeeded", slow="stopped"),
        *attacked("hardened", at(articles=100_000), shared="stopped", slow="succeeded"),
    ]
    found = find_openings(judge_under(events, plan, CATALOG), [], ARTICLES)  # type: ignore[arg-type]
    assert [(one.probe, one.by) for one in found] == [("shared", ["4 workers"]), ("slow", ["100,000 articles"])]


def test_what_is_open_anyway_or_not_known_opens_nothing() -> None:
    """A probe that succeeds when idle too is no opening; one that could not run shows no hold, and is listed."""
    plan = planned("hardened", at(), at(150))
    events = [
        *attacked("hardened", at(), open="succeeded", unknown="could_not_run", blind="stopped"),
        *attacked("hardened", at(150), open="succeeded", unknown="succeeded", blind="could_not_run"),
    ]
    under = judge_under(events, plan, CATALOG)  # type: ignore[arg-type]
    assert find_openings(under, [], ARTICLES) == []
    assert [one.subject for one in undecided_under(under)] == [
        "unknown on hardened at 1 worker, 1,000 articles",
        "blind on hardened at 150 % load, 1 worker, 1,000 articles",
    ]
