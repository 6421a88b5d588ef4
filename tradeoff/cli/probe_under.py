"""`tradeoff probe ARM --load … --workers … --articles …`: attack one arm under conditions."""

from __future__ import annotations

from typing import Any

from tradeoff.cli.console import shown_progress
from tradeoff.judge.openings import find_openings, judge_under, surprises_under
from tradeoff.judge.summary import AttackedUnder
from tradeoff.measure.attacks_under import AttacksUnder
from tradeoff.plan.arm import ArmSpec
from tradeoff.plan.conditions import AttackUnder, Conditions
from tradeoff.plan.factors import Catalog
from tradeoff.record.events import Event, NotMeasured
from tradeoff.target.description import Target
from tradeoff.target.errors import TradeoffError

SEED = 1


def probe_under(
    target: Target, catalog: Catalog, arm: ArmSpec, under: Conditions, probes: tuple[str, ...], *, json: bool
) -> int:
    """Attack the arm; what succeeds is tried again when idle, which tells whether it opens by the conditions alone.

    Raises:
        TradeoffError: the arm can't be started, or the load could not be held.
    """
    from tradeoff.cli.probe import finish

    harder = AttackUnder(arm=arm, conditions=under, probes=probes)
    events: list[Event] = []
    with shown_progress() as progress:
        attacks = AttacksUnder(target, catalog, probes="all", seed=SEED)
        planned = [harder]
        attacks.run(planned, emit=events.append, progress=progress)
        attacked = _judged(events, planned, catalog)
        succeeded = tuple(one.probe for one in attacked[0].outcomes if one.result == "succeeded")
        idle = Conditions(articles=target.database.articles)
        if succeeded and under != idle:
            planned.append(AttackUnder(arm=arm, conditions=idle, probes=succeeded))
            attacks.run(planned[1:], emit=events.append, progress=progress)
            attacked = _judged(events, planned, catalog)
    undeclared = surprises_under(attacked, planned, catalog)
    openings = [one.model_dump() | {"sentence": one.sentence} for one in find_openings(attacked, [], idle.articles)]
    return finish(_result(events, attacked[0], openings) | {"undeclared": undeclared}, undeclared, json=json)


def _judged(events: list[Event], planned: list[AttackUnder], catalog: Catalog) -> list[AttackedUnder]:
    for event in events:
        if isinstance(event, NotMeasured):
            raise TradeoffError(f"{event.subject}: {event.reason}")
    return judge_under(events, planned, catalog)  # type: ignore[arg-type]  # all of them are events of the union


def _result(events: list[Event], attacked: AttackedUnder, openings: list[dict[str, Any]]) -> dict[str, Any]:
    from tradeoff.record.events import Attack, AttacksEnded

    ended = next(event for event in events if isinstance(event, AttacksEnded))
    attacks = [event for event in events if isinstance(event, Attack) and event.under == attacked.conditions]
    load = ended.load.model_dump() if ended.load else None
    return {
        "target": f"{attacked.arm} at {attacked.conditions.label}",
        "conditions": attacked.conditions.model_dump(),
        "load": load,
        "requests": ended.requests,
        "seconds": ended.seconds,
        "outcomes": [event.model_dump(exclude={"event", "arm", "at", "under"}) for event in attacks],
        "openings": openings,
        "notes": [*_load_note(load), *(one["sentence"] for one in openings)],
    }


def _load_note(load: dict[str, Any] | None) -> list[str]:
    if load is None:
        return []
    return [
        f"Load: {load['rate']:.0f} visits/s, {load['percent']} % of a capacity of {load['capacity']:.0f}/s; "
        f"{load['requests']:.0f} requests/s answered, p99 {load['p99_ms']:.0f} ms, {load['error_rate']:.1%} failed, "
        f"{load['dropped_share']:.0%} of visits given up."
    ]
