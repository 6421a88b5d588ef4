"""How long a plan takes: said before it begins, and held against what it took.

Blocks end by the clock. The rest is counted in pieces of which the usual time on two cores is known, s.
"""

from __future__ import annotations

import math

from tradeoff.plan.conditions import AttackUnder
from tradeoff.plan.plan import Plan

BLOCK_START_S = 8.0
SUITE_S, OWN_PROBES_S = 16.0, 3.0
CAPACITY_S, SUITE_UNDER_LOAD_S, MANY_ARTICLES_S = 18.0, 130.0, 30.0
SCORE_S, SCAN_S = 4.0, 30.0


def estimate_s(plan: Plan, *, at_once: int) -> float:
    """Seconds that the plan takes, `at_once` idle arms being attacked side by side."""
    blocks = sum(block.seconds + BLOCK_START_S for block in plan.blocks)
    whole = sum(plan.probes == "all" or not arm.changed for arm in plan.attacks)
    attacks = whole * SUITE_S + (len(plan.attacks) - whole) * OWN_PROBES_S
    idle = sum(_suite_s(one) for one in plan.under if not one.conditions.load)
    loaded = sum(_loaded_s(one) for one in plan.under if one.conditions.load)
    scores = len(plan.scores) * SCORE_S
    return blocks + (attacks + idle) / at_once + loaded + scores + (SCAN_S if plan.scan else 0.0)


def _suite_s(attack: AttackUnder) -> float:
    data = MANY_ARTICLES_S if attack.conditions.articles > 10_000 else 0.0
    return data + (OWN_PROBES_S if attack.probes else SUITE_S) * math.sqrt(attack.conditions.workers)


def _loaded_s(attack: AttackUnder) -> float:
    suite = OWN_PROBES_S if attack.probes else SUITE_S
    # Up to about its capacity an arm answers as it does when idle; beyond, everybody waits.
    return CAPACITY_S + (SUITE_UNDER_LOAD_S if attack.conditions.load > 100 and not attack.probes else 2 * suite)
