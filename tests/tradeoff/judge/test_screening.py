"""A screening recovers known effects from arms that change many factors at once."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.tradeoff.judge.recorded import arm_window
from tradeoff.judge.recorded import Recorded, recorded_blocks
from tradeoff.judge.screening import judge_screening
from tradeoff.judge.summary import ArmPrice, BlockJudged, Omission
from tradeoff.plan.factors import Catalog
from tradeoff.plan.named import quick_plan
from tradeoff.plan.plan import Block
from tradeoff.record.events import AnyEvent, EpochEnded, Window

FACTORS = 12
MIX = {"read": 0.9, "write": 0.1}
COST_NS = {"read": 500_000.0, "write": 2_000_000.0}
#: What each factor's weak level adds, as a share of the reference's CPU.
EFFECTS = {"read": {"c0": -0.20, "c3": 0.05}, "write": {"c3": 0.30, "c7": -0.10}}
REQUESTS = 100


def catalog() -> Catalog:
    factors: list[dict[str, Any]] = [
        {
            "name": f"c{number}",
            "kind": "control",
            "journeys": ["read"],
            "levels": [{"name": "weak", "tag": "weak"}, {"name": "strong", "tag": "strong"}],
        }
        for number in range(FACTORS)
    ]
    strong = {str(factor["name"]): "strong" for factor in factors}
    return Catalog.model_validate({"name": "wide", "factors": factors, "profiles": {"hardened": strong}})


CATALOG = catalog()
BLOCKS = quick_plan(CATALOG, articles=10, mix=MIX).blocks


def windows(
    *, epochs: int = 5, noise: float = 0.01, seed: int = 1, refusing: str = "", busy: str = ""
) -> list[AnyEvent]:
    """All blocks: the machine moves by a quarter from window to window, each arm by `noise`."""
    source = random.Random(seed)
    events: list[AnyEvent] = []
    for block in BLOCKS:
        for epoch in range(epochs):
            for index, (journey, cost) in enumerate(COST_NS.items()):
                machine = cost * REQUESTS * (1 + source.uniform(-0.25, 0.25))
                arms = {
                    name: arm_window(
                        machine
                        * (1 + sum(EFFECTS[journey].get(factor, 0.0) for factor in arm.changed))
                        * (1 + source.gauss(0, noise)),
                        status="429" if name == refusing else "200",
                    )
                    for name, arm in block.named_arms().items()
                }
                events.append(
                    Window(
                        block=block.name,
                        epoch=epoch,
                        index=index,
                        journey=journey,
                        warmup=False,
                        rate=100.0,
                        wall_ns=10**6 if block.name == busy else 10**10,
                        lag_p99_ns=1000,
                        arms=arms,
                    )
                )
            events.append(EpochEnded(block=block.name, epoch=epoch))
    return events


def judged(events: list[AnyEvent]) -> tuple[list[BlockJudged], dict[str, ArmPrice], list[Omission]]:
    recorded = recorded_blocks(events)
    pairs: list[tuple[Block, Recorded]] = [(block, recorded[block.name]) for block in BLOCKS]
    blocks, prices, left_out = judge_screening(pairs, MIX, CATALOG)
    return blocks, {next(iter(price.changed)): price for price in prices}, left_out


def test_there_is_one_price_for_each_factor() -> None:
    """15 arms in two blocks, twelve prices, named as if each factor had been changed alone."""
    blocks, prices, left_out = judged(windows())
    assert sum(len(block.arms) for block in BLOCKS) == 15
    assert [price.arm for price in prices.values()] == [f"hardened,c{number}=weak" for number in range(FACTORS)]
    assert (len(blocks), left_out) == (len(BLOCKS), [])


def test_known_effects_are_found_on_their_journeys_and_over_the_mix() -> None:
    """Without noise every effect is exact; what changes nothing reads 0."""
    _, prices, _ = judged(windows(noise=1e-6))
    shares = {"read": 0.9 * 0.5 / (0.9 * 0.5 + 0.1 * 2.0), "write": 0.1 * 2.0 / (0.9 * 0.5 + 0.1 * 2.0)}
    for factor, price in prices.items():
        assert price.ratio
        expected = {journey: effects.get(factor, 0.0) for journey, effects in EFFECTS.items()}
        for journey, effect in expected.items():
            assert price.journeys[journey].ratio.value == pytest.approx(1 + effect, abs=1e-4)
            assert price.journeys[journey].added_us.value == pytest.approx(
                effect * price.journeys[journey].reference_us, abs=0.2
            )
        over = sum(shares[journey] * effect for journey, effect in expected.items())
        assert price.ratio.value == pytest.approx(1 + over, abs=0.01)


def test_an_effect_is_known_better_than_one_arm_would_tell() -> None:
    """Fifteen arms at 1 % noise and five epochs: half-widths well below the 1 % that an arm alone gives."""
    _, prices, _ = judged(windows(noise=0.01))
    widths = [price.journeys["read"].ratio.half_width for price in prices.values()]
    assert sum(widths) / len(widths) < 0.007


def test_the_intervals_cover_as_often_as_they_say() -> None:
    """Of 50 runs with twelve effects each, 92 to 98 % of the intervals hold the truth."""
    inside = []
    for seed in range(50):
        _, prices, _ = judged(windows(seed=seed))
        inside += [
            not price.journeys["write"].ratio.excludes(1 + EFFECTS["write"].get(factor, 0.0))
            for factor, price in prices.items()
        ]
    assert 0.92 <= sum(inside) / len(inside) <= 0.98


def test_an_arm_that_did_other_work_is_left_out_and_named() -> None:
    """The other arms still tell all effects, from fewer arms."""
    arm = BLOCKS[0].arms[2].label
    _, prices, left_out = judged(windows(noise=1e-6, refusing=arm))
    assert [one.subject for one in left_out] == [f"the screening arm {arm}"]
    assert "429" in left_out[0].reason
    c0 = prices["c0"].journeys["read"].ratio
    assert c0.value == pytest.approx(0.8, abs=1e-4)


def test_a_void_block_takes_the_prices_with_it_that_need_it() -> None:
    """Twelve effects cannot be told from eight arms: no price at all, with the block's reason."""
    blocks, prices, _ = judged(windows(busy=BLOCKS[0].name))
    assert blocks[0].void
    assert blocks[1].void is None
    assert {price.ratio for price in prices.values()} == {None}
    assert all("target core was used" in str(price.void) for price in prices.values())
