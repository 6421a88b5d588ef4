"""Prices from a screening: an additive model fitted to all arms of its blocks, epoch by epoch.

In an epoch, an arm's CPU per request of a journey over that of its block's reference and twin together (their geometric
mean) is modelled as a constant of the block, about 1, plus one effect for each level that differs from the reference.
Least squares give every effect once an epoch; inference is across epochs, as for single arms. An effect adds CPU, it
does not multiply: a check costs what it costs, whatever else runs. There are more arms than effects, and what the fit
leaves of them tells the noise of one arm. Only how that changes from epoch to epoch counts as noise: what stays is what
the model does not know, such as two levels that interact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from tradeoff.judge.interval import CONFIDENCE, Bounds, Noise, interval
from tradeoff.judge.prices import judged_block, twin_price
from tradeoff.judge.recorded import Recorded, denominator, mix_shares, request_shares
from tradeoff.judge.summary import ArmPrice, BlockJudged, Interval, JourneyPrice, Omission
from tradeoff.judge.validity import differs, why_void
from tradeoff.plan.arm import ArmSpec, parse_arm
from tradeoff.plan.factors import Catalog
from tradeoff.plan.plan import REFERENCE, TWIN, Block

Matrix = NDArray[np.float64]
Effect = tuple[str, str]
"""A factor and the level that it has instead of the reference's."""


@dataclass(frozen=True)
class Screened:
    """A block that counts, with the arms of it that do."""

    block: Block
    recorded: Recorded
    arms: Mapping[str, ArmSpec]


def _shares(recorded: Recorded, arm: str, journey: str, epochs: int) -> Matrix:
    """An arm's CPU per request over that of reference and twin together, one figure an epoch."""
    own = np.array(recorded.cpu_per_request(arm, journey)[:epochs], dtype=np.float64)
    shares: Matrix = own / np.array(denominator(recorded, journey)[:epochs], dtype=np.float64)
    return shares


@dataclass(frozen=True)
class Fit:
    """The arms of all blocks as a linear model: a column for each block, then one for each effect."""

    blocks: Sequence[Screened]

    @cached_property
    def rows(self) -> list[tuple[Screened, str, ArmSpec]]:
        """Every arm that counts, with its block and its name there."""
        return [(one, name, arm) for one in self.blocks for name, arm in one.arms.items()]

    @cached_property
    def effects(self) -> list[Effect]:
        """Every level that some arm has and the reference has not, in the order of their appearance."""
        return list(dict.fromkeys(change for _, _, arm in self.rows for change in arm.changed.items()))

    @cached_property
    def design(self) -> Matrix:
        """A row for each arm: which block it is in, and which effects it has."""
        rows = [
            [one is other for other in self.blocks] + [arm.changed.get(name) == level for name, level in self.effects]
            for one, _, arm in self.rows
        ]
        return np.array(rows, dtype=float)

    @property
    def tells_apart(self) -> bool:
        """Whether every effect can be told from all others."""
        return bool(np.linalg.matrix_rank(self.design) == self.design.shape[1])

    @cached_property
    def epochs(self) -> int:
        """Epochs that all blocks have."""
        return min(len(one.recorded.epochs) for one in self.blocks)

    def ratios(self, shares: Mapping[str, float]) -> Matrix:
        """CPU of each arm over that of its reference and twin, journeys weighted: a row an arm, a column an epoch."""
        weighted = [
            [share * _shares(one.recorded, name, journey, self.epochs) for one, name, _ in self.rows]
            for journey, share in shares.items()
        ]
        total: Matrix = np.sum(np.array(weighted), axis=0)
        return total

    def estimates(self, ratios: Matrix) -> Matrix:
        """Each effect as a share of the reference's CPU: a row an effect, a column an epoch."""
        found: Matrix = self._solved(ratios)[len(self.blocks) :]
        return found

    def noise(self, ratios: Matrix) -> Noise:
        """Variance of one arm in one epoch."""
        left = ratios - self.design @ self._solved(ratios)
        left -= left.mean(axis=1, keepdims=True)
        spare = self.design.shape[0] - self.design.shape[1]
        freedom = spare * (self.epochs - 1)
        return Noise(float((left**2).sum()) / freedom, freedom)

    def _solved(self, ratios: Matrix) -> Matrix:
        return np.asarray(np.linalg.lstsq(self.design, ratios, rcond=None)[0], dtype=np.float64)

    def variance_share(self, effect: int) -> float:
        """Variance of an effect in units of one arm's noise."""
        inverse = np.linalg.inv(self.design.T @ self.design)
        place = len(self.blocks) + effect
        return float(inverse[place, place])


def judge_screening(
    blocks: Sequence[tuple[Block, Recorded]], mix: Mapping[str, float], catalog: Catalog, confidence: float = CONFIDENCE
) -> tuple[list[BlockJudged], list[ArmPrice], list[Omission]]:
    """Price every effect of a screening, or say why that is not possible; and which of its arms were left out."""
    voids = [why_void(recorded) for _, recorded in blocks]
    judged = [
        judged_block(block, recorded, twin_price(block, recorded, mix, confidence) if void is None else None, void)
        for (block, recorded), void in zip(blocks, voids, strict=True)
    ]
    left_out: list[Omission] = []
    valid = [
        Screened(block, recorded, _counting_arms(block, recorded, catalog, left_out))
        for (block, recorded), void in zip(blocks, voids, strict=True)
        if void is None
    ]
    reference = blocks[0][0].reference
    every = {change for block, _ in blocks for arm in block.arms for change in arm.changed.items()}
    order = [factor.name for factor in catalog.factors]
    arms = {
        (name, level): parse_arm(f"{reference.label},{name}={level}", catalog)
        for name, level in sorted(every, key=lambda effect: order.index(effect[0]))
    }
    fit = Fit(valid)
    why = next((void for void in voids if void), "too few arms of its screening are valid")
    priced = fit.effects if valid and fit.tells_apart else []
    prices = {effect: _price(fit, number, arms[effect], mix, confidence) for number, effect in enumerate(priced)}
    unpriced = {effect: _unpriced(arm, blocks[0][0].name, why) for effect, arm in arms.items() if effect not in prices}
    return judged, [(prices | unpriced)[effect] for effect in arms], left_out


def _counting_arms(block: Block, recorded: Recorded, catalog: Catalog, left_out: list[Omission]) -> dict[str, ArmSpec]:
    counting = {}
    for name, spec in block.named_arms().items():
        why = None if name in (REFERENCE, TWIN) else differs(recorded, name, spec, catalog)
        if why is None:
            counting[name] = spec
        else:
            left_out.append(Omission(subject=f"the screening arm {name}", reason=why))
    return counting


def _price(fit: Fit, effect: int, arm: ArmSpec, mix: Mapping[str, float], confidence: float) -> ArmPrice:
    first = fit.blocks[0].recorded
    shares = mix_shares(first, mix)
    journeys = {journey: _journey_price(fit, effect, journey, confidence, len(shares)) for journey in first.journeys}
    bounds = _bounds(fit, effect, shares, confidence)
    reference_us = sum(
        weight * mean(denominator(first, journey)) / 1e3 for journey, weight in request_shares(first, shares).items()
    )
    in_mix = any(mix.get(journey) for journey in first.journeys)
    return ArmPrice(
        arm=arm.label,
        treatment=arm.treatment,
        changed=arm.changed,
        block=fit.blocks[0].block.name,
        epochs=fit.epochs,
        ratio=_ratio(bounds) if in_mix else None,
        added_us=_added(bounds, reference_us) if in_mix else None,
        reference_us=reference_us,
        journeys=journeys,
        void=None,
    )


def _journey_price(fit: Fit, effect: int, journey: str, confidence: float, journeys: int) -> JourneyPrice:
    plain = _bounds(fit, effect, {journey: 1.0}, confidence)
    joint = _bounds(fit, effect, {journey: 1.0}, 1 - (1 - confidence) / journeys)
    reference_us = mean(mean(denominator(one.recorded, journey)) for one in fit.blocks) / 1e3
    return JourneyPrice(
        journey=journey,
        ratio=_ratio(plain),
        added_us=_added(plain, reference_us),
        added_us_joint=_added(joint, reference_us),
        reference_us=reference_us,
        requests=sum(
            window.arms[name].requests
            for one in fit.blocks
            for window in one.recorded.windows
            if window.journey == journey
            for name in one.arms
        ),
    )


def _bounds(fit: Fit, effect: int, shares: Mapping[str, float], confidence: float) -> Bounds:
    ratios = fit.ratios(shares)
    return interval(
        list(fit.estimates(ratios)[effect]), fit.noise(ratios), confidence, share=fit.variance_share(effect)
    )


def _ratio(bounds: Bounds) -> Interval:
    return Interval(value=1 + bounds.value, low=1 + bounds.low, high=1 + bounds.high)


def _added(bounds: Bounds, reference_us: float) -> Interval:
    return Interval(value=bounds.value * reference_us, low=bounds.low * reference_us, high=bounds.high * reference_us)


def _unpriced(arm: ArmSpec, block: str, why: str) -> ArmPrice:
    return ArmPrice(
        arm=arm.label,
        treatment=arm.treatment,
        changed=arm.changed,
        block=block,
        epochs=0,
        ratio=None,
        added_us=None,
        reference_us=None,
        journeys={},
        void=why,
    )
