"""What holds under mild conditions and opens under harder ones: by load, by workers, by data.

An arm's attacks are held against each other: the idle ones of the plan and those under conditions. Of each probe the
mildest conditions under which it succeeds are told, beside the hardest of those milder ones at which it does not. A
probe that could not run says nothing of either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tradeoff.judge.attacks import judged_outcomes
from tradeoff.judge.summary import AttackedArm, AttackedUnder, AttackOutcome, Omission, Opening
from tradeoff.plan.arm import ArmSpec
from tradeoff.plan.conditions import AttackUnder, Conditions
from tradeoff.plan.factors import Catalog
from tradeoff.record.events import AnyEvent, Attack, AttacksEnded

HELD = frozenset({"stopped", "not_applicable"})


def judge_under(events: Iterable[AnyEvent], planned: Iterable[AttackUnder], catalog: Catalog) -> list[AttackedUnder]:
    """The attacks of a plan under conditions that came to their end, in the plan's order."""
    attacks: dict[tuple[str, Conditions], dict[str, Attack]] = defaultdict(dict)
    ended: dict[tuple[str, Conditions], AttacksEnded] = {}
    for event in events:
        if isinstance(event, Attack) and event.under:
            attacks[event.arm, event.under][event.probe] = event
        elif isinstance(event, AttacksEnded) and event.under:
            ended[event.arm, event.under] = event
    return [
        _attacked(one, list(attacks[one.arm.label, one.conditions].values()), end, catalog)
        for one in planned
        if (end := ended.get((one.arm.label, one.conditions)))
    ]


def _attacked(attack: AttackUnder, attacks: list[Attack], ended: AttacksEnded, catalog: Catalog) -> AttackedUnder:
    outcomes = judged_outcomes(attacks, declared_at(attack.arm, attack.conditions, catalog))
    stopped = sum(one.result == "stopped" for one in outcomes)
    return AttackedUnder(
        arm=attack.arm.label,
        conditions=attack.conditions,
        load=ended.load,
        outcomes=outcomes,
        stopped=stopped,
        tried=stopped + sum(one.result == "succeeded" for one in outcomes),
    )


def declared_at(arm: ArmSpec, conditions: Conditions, catalog: Catalog) -> set[str]:
    """Probes that its weak levels and traps declare to succeed with so many workers."""
    levels = arm.levels(catalog).values()
    return {
        probe for level in levels if level.bad and level.requires.workers <= conditions.workers for probe in level.trips
    }


@dataclass(frozen=True)
class _Seen:
    """A probe's outcome under conditions."""

    conditions: Conditions
    outcome: AttackOutcome


def find_openings(under: Sequence[AttackedUnder], idle: Iterable[AttackedArm], articles: int) -> list[Opening]:
    """All openings; `idle` are the plan's attacks without load, on a database of so many `articles`."""
    seen: dict[tuple[str, str], list[_Seen]] = defaultdict(list)
    arms = {one.arm for one in under}
    for arm in idle:
        if arm.arm in arms:
            for outcome in arm.outcomes:
                at = Conditions(workers=arm.workers, articles=articles)
                seen[arm.arm, outcome.probe].append(_Seen(at, outcome))
    for one in under:
        for outcome in one.outcomes:
            seen[one.arm, outcome.probe].append(_Seen(one.conditions, outcome))
    return [opening for (arm, _), outcomes in seen.items() for opening in _openings(arm, outcomes)]


def _openings(arm: str, outcomes: Sequence[_Seen]) -> Iterator[Opening]:
    ranked = sorted(outcomes, key=lambda one: (one.conditions.load, one.conditions.workers, one.conditions.articles))
    succeeded: list[Conditions] = []
    for one in ranked:
        if one.outcome.result != "succeeded" or any(milder.within(one.conditions) for milder in succeeded):
            continue
        succeeded.append(one.conditions)
        holds = [other for other in ranked if other.outcome.result in HELD and other.conditions.within(one.conditions)]
        if holds:
            yield _opening(arm, holds[-1].conditions, one)


def _opening(arm: str, holds: Conditions, opens: _Seen) -> Opening:
    outcome = opens.outcome
    return Opening(
        arm=arm,
        probe=outcome.probe,
        control=outcome.control,
        api=outcome.api,
        holds=holds,
        opens=opens.conditions,
        by=opens.conditions.beyond(holds),
        declared=outcome.declared,
        evidence=outcome.evidence,
    )


def surprises_under(under: Iterable[AttackedUnder], planned: Iterable[AttackUnder], catalog: Catalog) -> list[str]:
    """Where attacks under conditions break what is declared, each as a sentence."""
    specs = {(one.arm.label, one.conditions): one.arm for one in planned}
    return [said for one in under for said in _surprises(one, specs[one.arm, one.conditions], catalog)]


def _surprises(attacked: AttackedUnder, spec: ArmSpec, catalog: Catalog) -> Iterator[str]:
    where = f"{attacked.arm} at {attacked.conditions.label}"
    for outcome in attacked.outcomes:
        if outcome.result == "succeeded" and not outcome.declared:
            yield f"{outcome.probe} succeeded on {where}, which no level of it declares"
    if len(spec.changed) == 1:
        held = {one.probe for one in attacked.outcomes if one.result in HELD}
        for probe in sorted(declared_at(spec, attacked.conditions, catalog) & held):
            yield f"{probe} did not succeed on {where}, whose level declares it"


def undecided_under(under: Iterable[AttackedUnder]) -> list[Omission]:
    """Probes that could not decide under their conditions, each with its reason.

    They leave no verdict open: what a probe cannot tell of an overloaded arm, it tells of the same arm when idle.
    """
    return [
        Omission(subject=f"{outcome.probe} on {one.arm} at {one.conditions.label}", reason=outcome.evidence)
        for one in under
        for outcome in one.outcomes
        if outcome.result == "could_not_run"
    ]
