"""Prices of a block's arms: CPU against reference and twin together, by journey and over the mix, in µs per request."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean, median

from tradeoff.judge.interval import CONFIDENCE, LogInterval, log_interval
from tradeoff.judge.summary import ArmPrice, BlockJudged, Interval, JourneyPrice
from tradeoff.plan.arm import ArmSpec
from tradeoff.plan.factors import Catalog
from tradeoff.plan.plan import REFERENCE, TWIN, Block
from tradeoff.record.events import AnyEvent, ArmWindow, EpochEnded, Window

HIGHEST_UTILISATION = 0.75
BYTES_TOLERANCE = 0.01
BACKLOG_SECONDS = 2.0


@dataclass
class Recorded:
    """The counted windows of a block's whole epochs."""

    windows: list[Window] = field(default_factory=list)

    @property
    def epochs(self) -> list[int]:
        """Numbers of the whole epochs."""
        return sorted({window.epoch for window in self.windows})

    @property
    def journeys(self) -> list[str]:
        """Journeys that were measured."""
        return sorted({window.journey for window in self.windows})

    def cpu_per_request(self, arm: str, journey: str) -> list[float]:
        """CPU of an arm per request of a journey, in ns, one figure an epoch: totals over the epoch's windows."""
        totals: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        for window in self.windows:
            if window.journey == journey:
                totals[window.epoch][0] += window.arms[arm].cpu_ns
                totals[window.epoch][1] += window.arms[arm].requests
        return [cpu / max(requests, 1) for _, (cpu, requests) in sorted(totals.items())]


def recorded_blocks(events: Iterable[AnyEvent]) -> dict[str, Recorded]:
    """Counted windows by block, of epochs that came to their end."""
    windows: dict[tuple[str, int], dict[int, Window]] = defaultdict(dict)
    blocks: dict[str, Recorded] = defaultdict(Recorded)
    for event in events:
        if isinstance(event, Window) and not event.warmup:
            windows[event.block, event.epoch][event.index] = event
        elif isinstance(event, EpochEnded):
            blocks[event.block].windows.extend(windows.pop((event.block, event.epoch), {}).values())
    return dict(blocks)


def judge_block(
    block: Block, recorded: Recorded, mix: Mapping[str, float], catalog: Catalog, confidence: float = CONFIDENCE
) -> tuple[BlockJudged, list[ArmPrice]]:
    """Price every arm of a block, or say why that is not possible."""
    specs = block.named_arms()
    void = _why_void(recorded)
    if void:
        return _judged(block, recorded, None, void), [
            _unpriced(name, spec, block, recorded, void) for name, spec in _priced_arms(specs)
        ]
    shares = _mix_shares(recorded, mix)
    twin = _price(TWIN, specs[TWIN], block, recorded, shares, confidence)
    prices = []
    for name, spec in _priced_arms(specs):
        difference = _differs(recorded, name, spec, catalog)
        prices.append(
            _unpriced(name, spec, block, recorded, difference)
            if difference
            else _price(name, spec, block, recorded, shares, confidence)
        )
    return _judged(block, recorded, twin, None), prices


def _priced_arms(specs: Mapping[str, ArmSpec]) -> list[tuple[str, ArmSpec]]:
    return [(name, spec) for name, spec in specs.items() if name not in (REFERENCE, TWIN)]


def _why_void(recorded: Recorded) -> str | None:
    if len(recorded.epochs) < 2:
        return f"only {len(recorded.epochs)} whole epochs were recorded; an interval needs at least two"
    used = median(_utilisations(recorded))
    if used > HIGHEST_UTILISATION:
        return (
            f"the target core was used {used:.0%}, more than {HIGHEST_UTILISATION:.0%}: queues would be in the figures"
        )
    for window in recorded.windows:
        limit = max(4, math.ceil(window.rate * BACKLOG_SECONDS))
        if window.arms[REFERENCE].backlog_max > limit:
            return f"in a window of {window.journey} more than {limit} arrivals were waiting: the load was too high"
    if _failed(recorded, REFERENCE) or _failed(recorded, TWIN):
        return "the reference itself failed requests"
    return None


def _failed(recorded: Recorded, arm: str) -> int:
    return sum(w.arms[arm].errors + w.arms[arm].arrivals - w.arms[arm].completed for w in recorded.windows)


def _utilisations(recorded: Recorded) -> list[float]:
    return [sum(arm.cpu_ns for arm in window.arms.values()) / window.wall_ns for window in recorded.windows]


def _differs(recorded: Recorded, name: str, spec: ArmSpec, catalog: Catalog) -> str | None:
    """Why an arm did other work than the reference (refusing work looks cheap), or None."""
    declared = any(level.bytes_differ for level in spec.levels(catalog).values())
    for journey in recorded.journeys:
        mine = [window.arms[name] for window in recorded.windows if window.journey == journey]
        theirs = [window.arms[REFERENCE] for window in recorded.windows if window.journey == journey]
        if _statuses(mine) != _statuses(theirs):
            return f"its statuses on {journey} differ from the reference's: {_difference(mine, theirs)}"
        sent, expected = sum(arm.bytes for arm in mine), sum(arm.bytes for arm in theirs)
        if not declared and abs(sent - expected) > BYTES_TOLERANCE * max(expected, 1):
            return f"on {journey} it answered {sent} bytes, the reference {expected}, which no level declares"
    return None


def _statuses(windows: Sequence[ArmWindow]) -> dict[str, dict[str, int]]:
    total: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for window in windows:
        for step, counts in window.statuses.items():
            for status, count in counts.items():
                total[step][status] += count
    return {step: dict(counts) for step, counts in total.items()}


def _difference(mine: Sequence[ArmWindow], theirs: Sequence[ArmWindow]) -> str:
    left, right = _statuses(mine), _statuses(theirs)
    step = next(step for step in sorted({*left, *right}) if left.get(step) != right.get(step))
    return f"{step} gave {left.get(step, {})}, not {right.get(step, {})}"


def _mix_shares(recorded: Recorded, mix: Mapping[str, float]) -> dict[str, float]:
    """Share of each journey in the reference's CPU over the mix, fixed for the run."""
    cost = {journey: mix.get(journey, 0.0) * mean(_denominator(recorded, journey)) for journey in recorded.journeys}
    total = sum(cost.values()) or 1.0
    return {journey: part / total for journey, part in cost.items()}


def _denominator(recorded: Recorded, journey: str) -> list[float]:
    """Reference and twin pooled: their mean CPU per request of a journey, ns, one figure an epoch."""
    pairs = zip(recorded.cpu_per_request(REFERENCE, journey), recorded.cpu_per_request(TWIN, journey), strict=True)
    return [math.sqrt(reference * twin) for reference, twin in pairs]


def _log_ratios(recorded: Recorded, arm: str, journey: str) -> list[float]:
    """Log ratio of an arm to reference and twin together (the twin's: to the reference), one an epoch."""
    below = recorded.cpu_per_request(REFERENCE, journey) if arm == TWIN else _denominator(recorded, journey)
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
    journeys = {
        journey: _journey_price(recorded, name, journey, confidence, len(shares)) for journey in recorded.journeys
    }
    over = log_interval(
        _over_mix(recorded, name, shares), None if is_twin else _over_mix(recorded, TWIN, shares), confidence
    )
    reference_us = sum(
        block_mix * mean(_denominator(recorded, journey)) / 1e3
        for journey, block_mix in _request_shares(recorded, shares).items()
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


def _request_shares(recorded: Recorded, shares: Mapping[str, float]) -> dict[str, float]:
    """Back from shares of CPU to shares of requests."""
    weights = {journey: share / mean(_denominator(recorded, journey)) for journey, share in shares.items()}
    total = sum(weights.values())
    return {journey: weight / total for journey, weight in weights.items()}


def _journey_price(recorded: Recorded, name: str, journey: str, confidence: float, journeys: int) -> JourneyPrice:
    own = _log_ratios(recorded, name, journey)
    twin = None if name == TWIN else _log_ratios(recorded, TWIN, journey)
    plain = log_interval(own, twin, confidence)
    joint = log_interval(own, twin, 1 - (1 - confidence) / journeys)
    reference_us = mean(_denominator(recorded, journey)) / 1e3
    return JourneyPrice(
        journey=journey,
        ratio=_ratio(plain),
        added_us=_added(plain, reference_us),
        added_us_joint=_added(joint, reference_us),
        reference_us=reference_us,
        requests=sum(window.arms[name].requests for window in recorded.windows if window.journey == journey),
    )


def _ratio(log: LogInterval) -> Interval:
    return Interval(value=math.exp(log.value), low=math.exp(log.low), high=math.exp(log.high))


def _added(log: LogInterval, reference_us: float) -> Interval:
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


def _judged(block: Block, recorded: Recorded, twin: ArmPrice | None, void: str | None) -> BlockJudged:
    used = _utilisations(recorded) or [0.0]
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
