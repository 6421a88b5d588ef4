"""Attacks by arm: the columns of the matrix, each outcome held against what the arm's levels declare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Literal

from tradeoff.judge.summary import AttackedArm, AttackOutcome
from tradeoff.plan.arm import ArmSpec
from tradeoff.plan.factors import Catalog
from tradeoff.record.events import AnyEvent, Attack, AttacksEnded

Tag = Literal["profile", "weak", "strong", "depth", "trap", "plain"]


def judge_attacks(events: Iterable[AnyEvent], arms: Iterable[ArmSpec], catalog: Catalog) -> list[AttackedArm]:
    """The arms of a plan whose probes were all tried, in the plan's order."""
    attacks: dict[str, dict[str, Attack]] = defaultdict(dict)
    ended: dict[str, AttacksEnded] = {}
    for event in events:
        if isinstance(event, (Attack, AttacksEnded)) and event.under is not None:
            continue  # tradeoff/judge/openings.py
        if isinstance(event, Attack):
            attacks[event.arm][event.probe] = event
        elif isinstance(event, AttacksEnded):
            ended[event.arm] = event
    return [
        _attacked(spec, list(attacks[spec.label].values()), ended[spec.label].workers, catalog)
        for spec in arms
        if spec.label in ended
    ]


def _attacked(spec: ArmSpec, attacks: list[Attack], workers: int, catalog: Catalog) -> AttackedArm:
    outcomes = judged_outcomes(attacks, spec.declared_trips(catalog))
    stopped = sum(outcome.result == "stopped" for outcome in outcomes)
    return AttackedArm(
        arm=spec.label,
        treatment=spec.treatment,
        changed=spec.changed,
        tag=_tag(spec, catalog),
        workers=workers,
        outcomes=outcomes,
        stopped=stopped,
        tried=stopped + sum(outcome.result == "succeeded" for outcome in outcomes),
    )


def judged_outcomes(attacks: Iterable[Attack], declared: Collection[str]) -> list[AttackOutcome]:
    """Outcomes, each held against the probes that are declared to succeed."""
    return [
        AttackOutcome(
            probe=attack.probe,
            control=attack.control,
            api=attack.api,
            result=attack.result,
            declared=attack.probe in declared,
            evidence=attack.evidence,
        )
        for attack in attacks
    ]


def _tag(spec: ArmSpec, catalog: Catalog) -> Tag:
    if len(spec.changed) != 1:
        return "profile"
    ((factor, level),) = spec.changed.items()
    return catalog.factor(factor).level(level).tag


def surprises(arm: AttackedArm, catalog: Catalog) -> list[str]:
    """Where an arm's outcomes break what is declared, each as a sentence.

    An attack that succeeds undeclared always does. One that is declared and did not succeed does too where the arm
    differs from its profile in one factor; in a profile of many weak levels one may hide another.
    """
    found = [
        f"{outcome.probe} succeeded on {arm.arm}, which no level of it declares"
        for outcome in arm.outcomes
        if outcome.result == "succeeded" and not outcome.declared
    ]
    if len(arm.changed) == 1:
        ((factor, level),) = arm.changed.items()
        succeeded = {outcome.probe for outcome in arm.outcomes if outcome.result == "succeeded"}
        could_not = {outcome.probe for outcome in arm.outcomes if outcome.result == "could_not_run"}
        missing = set(catalog.factor(factor).level(level).trips) - succeeded - could_not
        if catalog.factor(factor).level(level).bad:
            found += [f"{probe} did not succeed on {arm.arm}, whose level declares it" for probe in sorted(missing)]
    return found
