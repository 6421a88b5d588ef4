"""Strong levels that dominate another: as strong, and surely cheaper. Between strong levels the question is price."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

from tradeoff.judge.summary import ArmPrice, AttackedArm, Domination, Interval
from tradeoff.plan.factors import Catalog, Factor

NOTHING = Interval(value=0.0, low=0.0, high=0.0)


def find_dominations(
    catalog: Catalog, reference: str, prices: Iterable[ArmPrice], attacked: Iterable[AttackedArm]
) -> list[Domination]:
    """Pairs of strong levels that let no attack through, whose prices on the factor's journey do not overlap."""
    priced = [price for price in prices if price.void is None and len(price.changed) == 1]
    open_arms = {arm.arm for arm in attacked if arm.stopped < arm.tried}
    found: list[Domination] = []
    for factor in catalog.factors:
        costs = _costs(factor, catalog.profile(reference)[factor.name], priced, open_arms)
        found += [
            Domination(
                factor=factor.name,
                better=better,
                worse=worse,
                journey=factor.journeys[0],
                saved_us=_difference(costs[worse], costs[better]),
            )
            for better, worse in permutations(costs, 2)
            if costs[better].high < costs[worse].low
        ]
    return found


def _costs(factor: Factor, reference: str, prices: Iterable[ArmPrice], open_arms: set[str]) -> dict[str, Interval]:
    """CPU above the reference's level, per request of the factor's journey, of each strong level."""
    strong = {level.name for level in factor.levels if level.tag == "strong"}
    costs = {reference: NOTHING} if reference in strong else {}
    for price in prices:
        level, journey = price.changed.get(factor.name), price.journeys.get(factor.journeys[0])
        if level in strong and journey and price.arm not in open_arms:
            costs[level] = journey.added_us
    return costs


def _difference(one: Interval, other: Interval) -> Interval:
    """Bounds that hold wherever both do."""
    return Interval(value=one.value - other.value, low=one.low - other.high, high=one.high - other.low)
