"""Prices of a block's arms: CPU against reference and twin together, by journey and over the mix, in µs per request."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import mean, median

from tradeoff.judge.interval import CONFIDENCE, Bounds, interval, twin_noise
from tradeoff.judge.recorded import Recorded, denominator, mix_shares, request_shares
from tradeoff.judge.summary import ArmPrice, BlockJudged, Interval, JourneyPrice
from tradeoff.judge.validity import differs, utilisations, why_void
from tradeoff.plan.arm import ArmSpec
from tradeoff.plan.factors import Catalog
from tradeoff.plan.plan import REFERENCE, TWIN, Block


def judge_block(
    block: Block, recorded: Recorded, mix: Mapping[str, float], catalog: Catalog, confidence: float = CONFIDENCE
) -> tuple[BlockJudged, list[ArmPrice]]:
    """Price every arm of a block, or say why that is not possible."""
    specs = block.named_arms()
    void = why_void(recorded)
    if void:
        return judged_block(block, recorded, None, void), [
            _unpriced(name, spec, block, recorded, void) for name, spec in _priced_arms(specs)
        ]
    shares = mix_shares(recorded, mix)
    twin = twin_price(block, recorded, mix, confidence)
    prices = []
    for name, spec in _priced_arms(specs):
        difference = differs(recorded, name, spec, catalog)
        prices.append(
            _unpriced(name, spec, block, recorded, difference)
            if difference
            else _price(name, spec, block, recorded, shares, confidence)
        )
    if not any(mix.get(journey) for journey in recorded.journeys):
        prices = [price.model_copy(update={"ratio": None, "added_us": None}) for price in prices]
    return judged_block(block, recorded, twin, None), prices


def _priced_arms(specs: Mapping[str, ArmSpec]) -> list[tuple[str, ArmSpec]]:
    return [(name, spec) for name, spec in specs.items() if name not in (REFERENCE, TWIN)]


def twin_price(block: Block, recorded: Recorded, mix: Mapping[str, float], confidence: float) -> ArmPrice:
    """The twin against the reference: an identical build, so that it should read no difference."""
    return _price(TWIN, block.reference, block, recorded, mix_shares(recorded, mix), confidence)


def _log_ratios(recorded: Recorded, arm: str, journey: str) -> list[float]:
    """Log ratio of an arm to reference and twin together (the twin's: to the reference), one an epoch."""
    below = recorded.cpu_per_request(REFERENCE, journey) if arm == TWIN else denominator(recorded, journey)
    pairs = zip(recorded.cpu_per_request(arm, journey), below, strict=True)
    return [math.log(mine / theirs) for mine, theirs in pairs]


def _over_mix(recorded: Recorded, arm: str, shares: Mapping[str, float]) -> list[float]:
    ratios = {journey: _log_ratios(recorded, arm, journey) for journey in shares}
    return [
        math.log(sum(share * math.exp(ratios[journey][epoch]) for journey, share in shares.items()))
        for epoch in range(len(recorded.epochs))
    ]


def _price(
    name: str, spec: ArmSpec, block: Block, recorded: Recorded, shares: Mapping[str, float], confidence: float
) -> ArmPrice:
    is_twin = name == TWIN
    walked = recorded.journeys_of(name)
    shares = {journey: share for journey, share in shares.items() if journey in walked}
    journeys = {journey: _journey_price(recorded, name, journey, confidence, len(shares)) for journey in walked}
    noise = None if is_twin else twin_noise(_over_mix(recorded, TWIN, shares))
    over = interval(_over_mix(recorded, name, shares), noise, confidence)
    reference_us = sum(
        block_mix * mean(denominator(recorded, journey)) / 1e3
        for journey, block_mix in request_shares(recorded, shares).items()
    )
    return ArmPrice(
        arm=name,
        treatment=spec.treatment,
        changed=spec.changed,
        block=block.name,
        epochs=len(recorded.epochs),
        ratio=_ratio(over),
        added_us=_added(over, reference_us),
        reference_us=reference_us,
        journeys=journeys,
        void=None,
    )


def _journey_price(recorded: Recorded, name: str, journey: str, confidence: float, journeys: int) -> JourneyPrice:
    own = _log_ratios(recorded, name, journey)
    noise = None if name == TWIN else twin_noise(_log_ratios(recorded, TWIN, journey))
    plain = interval(own, noise, confidence)
    joint = interval(own, noise, 1 - (1 - confidence) / journeys)
    reference_us = mean(denominator(recorded, journey)) / 1e3
    return JourneyPrice(
        journey=journey,
        ratio=_ratio(plain),
        added_us=_added(plain, reference_us),
        added_us_joint=_added(joint, reference_us),
        reference_us=reference_us,
        requests=sum(window.arms[name].requests for window in recorded.windows if window.journey == journey),
    )


def _ratio(log: Bounds) -> Interval:
    return Interval(value=math.exp(log.value), low=math.exp(log.low), high=math.exp(log.high))


def _added(log: Bounds, reference_us: float) -> Interval:
    return Interval(
        value=math.expm1(log.value) * reference_us,
        low=math.expm1(log.low) * reference_us,
        high=math.expm1(log.high) * reference_us,
    )


def _unpriced(name: str, spec: ArmSpec, block: Block, recorded: Recorded, why: str) -> ArmPrice:
    return ArmPrice(
        arm=name,
        treatment=spec.treatment,
        changed=spec.changed,
        block=block.name,
        epochs=len(recorded.epochs),
        ratio=None,
        added_us=None,
        reference_us=None,
        journeys={},
        void=why,
    )


def judged_block(block: Block, recorded: Recorded, twin: ArmPrice | None, void: str | None) -> BlockJudged:
    """What a block was: how loaded, how long, and what its twin read."""
    used = utilisations(recorded) or [0.0]
    return BlockJudged(
        name=block.name,
        reference=block.reference.label,
        epochs=len(recorded.epochs),
        utilisation=median(used),
        utilisation_max=max(used),
        lag_p99_us=median([window.lag_p99_ns for window in recorded.windows] or [0]) / 1e3,
        requests=sum(arm.requests for window in recorded.windows for arm in window.arms.values()),
        twin=twin,
        void=void,
    )
