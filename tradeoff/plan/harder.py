"""Which arms the plans attack under load, with several workers and with much data."""

from __future__ import annotations

from collections.abc import Iterator

from tradeoff.plan.arm import ArmSpec, parse_arm
from tradeoff.plan.conditions import AttackUnder, Conditions
from tradeoff.plan.factors import Catalog
from tradeoff.plan.plan import REFERENCE_PROFILE

LOADS = (50, 100, 150)
WORKERS = (2, 4)
MANY_ARTICLES = 100_000


def attacks_under(catalog: Catalog, articles: int) -> tuple[AttackUnder, ...]:
    """The reference by all probes; levels that need several workers to be weak by those that they trip.

    The reference meets each load, each number of workers, much data, and the most of all three at once. The levels meet
    1, 2 and 4 workers, and the same probes meet the reference with as many: its shared state must hold.
    """
    reference = parse_arm(REFERENCE_PROFILE, catalog)
    conditions = [
        *(Conditions(load=load, articles=articles) for load in LOADS),
        *(Conditions(workers=workers, articles=articles) for workers in WORKERS),
        Conditions(articles=MANY_ARTICLES),
        Conditions(load=LOADS[-1], workers=WORKERS[-1], articles=MANY_ARTICLES),
    ]
    return (
        *(AttackUnder(arm=reference, conditions=one) for one in conditions),
        *one_worker_attacks(catalog, articles),
        *(
            AttackUnder(arm=arm, conditions=Conditions(workers=workers, articles=articles), probes=probes)
            for arm, probes in _weak_with_workers(catalog)
            for workers in WORKERS
        ),
    )


def one_worker_attacks(catalog: Catalog, articles: int) -> tuple[AttackUnder, ...]:
    """What needs several workers to be weak, with one: there it holds."""
    return tuple(
        AttackUnder(arm=arm, conditions=Conditions(articles=articles), probes=probes)
        for arm, probes in _weak_with_workers(catalog)
    )


def _weak_with_workers(catalog: Catalog) -> Iterator[tuple[ArmSpec, tuple[str, ...]]]:
    for factor in catalog.factors:
        for level in factor.levels:
            if level.requires.workers > 1:
                yield parse_arm(f"{REFERENCE_PROFILE},{factor.name}={level.name}", catalog), level.trips
