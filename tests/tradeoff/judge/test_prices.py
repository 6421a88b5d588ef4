"""Prices recover a known truth, and are withheld where they would mislead."""

from __future__ import annotations

import pytest

from tests.tradeoff.catalog import CATALOG
from tests.tradeoff.judge.recorded import BLOCK, MIX, arm_window, windows
from tradeoff.judge.interval import interval, twin_noise
from tradeoff.judge.prices import judge_block
from tradeoff.judge.recorded import recorded_blocks
from tradeoff.judge.summary import ArmPrice, BlockJudged
from tradeoff.record.events import AnyEvent, EpochEnded, Window

SHARES = {name: weight / 100 for name, weight in MIX.items()}


def judged(events: list[AnyEvent]) -> tuple[BlockJudged, ArmPrice]:
    """The block and its one priced arm."""
    block, (price,) = judge_block(BLOCK, recorded_blocks(events)["b"], SHARES, CATALOG)
    return block, price


def test_a_known_difference_is_found_on_its_journey_and_over_the_mix() -> None:
    """Half the CPU on one journey: that journey's ratio is 0.5, the other's 1, the mix between by CPU share."""
    _, price = judged(windows({"enter": 1.0, "leave": 0.5}))
    assert price.ratio
    assert price.journeys["leave"].ratio.low < 0.5 < price.journeys["leave"].ratio.high
    assert price.journeys["enter"].ratio.low < 1.0 < price.journeys["enter"].ratio.high
    leave_share = 10 * 2.0 / (90 * 0.5 + 10 * 2.0)
    assert price.ratio.value == pytest.approx(1 - leave_share / 2, rel=0.05)
    assert price.journeys["leave"].added_us.value == pytest.approx(
        -0.5 * price.journeys["leave"].reference_us, rel=0.05
    )


def test_noise_that_hits_all_arms_alike_cancels() -> None:
    """The machine moves by a quarter from window to window, the ratio by far less."""
    block, price = judged(windows({"enter": 1.0, "leave": 1.0}, noise=0.001))
    assert price.ratio
    assert block.twin
    assert block.twin.ratio
    assert price.ratio.half_width < 0.003
    assert block.twin.ratio.half_width < 0.003


def test_the_interval_covers_no_difference_as_often_as_it_says() -> None:
    """Of 400 A/A blocks at 95 %, between 92.5 and 98 % cover (binomial bounds at 99.8 % are 91.4 and 97.9)."""
    covered = 0
    for seed in range(400):
        _, price = judged(windows({"enter": 1.0, "leave": 1.0}, epochs=6, seed=seed))
        assert price.ratio
        covered += not price.ratio.excludes(1.0)
    assert 0.925 <= covered / 400 <= 0.98


def test_joint_intervals_are_wider_than_plain_ones() -> None:
    """Journeys that must hold together pay for it."""
    _, price = judged(windows({"enter": 1.0, "leave": 1.0}))
    for one in price.journeys.values():
        assert one.added_us_joint.half_width > one.added_us.half_width


def test_an_arm_much_noisier_than_the_twin_is_judged_by_its_own_spread() -> None:
    """Pooling with a quiet twin must not narrow a noisy arm's interval."""
    noisy = [0.1, -0.1, 0.08, -0.09, 0.12, -0.11]
    quiet = [0.001, -0.001, 0.001, -0.001, 0.001, -0.001]
    assert interval(noisy, twin_noise(quiet)) == interval(noisy, None)


def test_an_epoch_that_did_not_end_is_left_out() -> None:
    """Windows without their epoch's end are not judged."""
    events = [
        event
        for event in windows({"enter": 1.0, "leave": 1.0})
        if not (isinstance(event, EpochEnded) and event.epoch == 3)
    ]
    assert recorded_blocks(events)["b"].epochs == [0, 1, 2, 4, 5, 6, 7]


def with_arm(events: list[AnyEvent], **other: object) -> list[AnyEvent]:
    """The same windows, the open lock's part of them answered otherwise."""
    for event in events:
        if isinstance(event, Window):
            part = event.arms["hardened,lock=open"]
            event.arms["hardened,lock=open"] = arm_window(part.cpu_ns, **other)  # type: ignore[arg-type]
    return events


def test_an_arm_that_answers_otherwise_has_no_price() -> None:
    """Refusing work looks cheap: the step and its statuses are named instead."""
    _, price = judged(with_arm(windows({"enter": 1.0, "leave": 1.0}), status="401"))
    assert price.ratio is None
    assert price.void
    assert "GET / gave {'401': 800}, not {'200': 800}" in price.void


def test_an_arm_that_sends_other_bytes_undeclared_has_no_price() -> None:
    """Five per cent fewer bytes are a difference."""
    _, price = judged(with_arm(windows({"enter": 1.0, "leave": 1.0}), size=950))
    assert price.void
    assert "bytes" in price.void


def test_a_block_on_a_core_that_is_too_busy_has_no_prices() -> None:
    """Above 75 % the queue of a neighbour is in the figures."""
    block, price = judged(windows({"enter": 1.0, "leave": 1.0}, wall_ns=10**8))
    assert block.void
    assert "75%" in block.void
    assert price.ratio is None


def test_one_epoch_is_no_interval() -> None:
    """An interval needs at least two."""
    block, _ = judged(windows({"enter": 1.0, "leave": 1.0}, epochs=1))
    assert block.void
    assert "two" in block.void


def test_journeys_outside_of_the_mix_have_a_price_each_and_none_over_the_mix() -> None:
    """What the mix does not hold cannot be part of a price over it."""
    block, (price,) = judge_block(
        BLOCK, recorded_blocks(windows({"enter": 1.0, "leave": 0.5}))["b"], {"sit": 1.0}, CATALOG
    )
    assert block.twin
    assert (price.void, price.ratio, price.added_us) == (None, None, None)
    assert price.journeys["leave"].ratio.excludes(1.0)
