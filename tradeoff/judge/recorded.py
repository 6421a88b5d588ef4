"""The counted windows of a block, and what prices are made of: CPU per request by arm, journey and epoch."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import mean

from tradeoff.plan.plan import REFERENCE, TWIN
from tradeoff.record.events import AnyEvent, EpochEnded, Window


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

    def journeys_of(self, arm: str) -> list[str]:
        """Journeys that an arm walked."""
        return sorted({window.journey for window in self.windows if arm in window.arms})

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


def mix_shares(recorded: Recorded, mix: Mapping[str, float]) -> dict[str, float]:
    """Share of each journey in the reference's CPU over the mix, fixed for the run; alike if none is in the mix."""
    even = not any(mix.get(journey) for journey in recorded.journeys)
    weights = {journey: 1.0 if even else mix.get(journey, 0.0) for journey in recorded.journeys}
    cost = {journey: weight * mean(denominator(recorded, journey)) for journey, weight in weights.items()}
    total = sum(cost.values())
    return {journey: part / total for journey, part in cost.items()}


def denominator(recorded: Recorded, journey: str) -> list[float]:
    """Reference and twin pooled: their mean CPU per request of a journey, ns, one figure an epoch."""
    pairs = zip(recorded.cpu_per_request(REFERENCE, journey), recorded.cpu_per_request(TWIN, journey), strict=True)
    return [math.sqrt(reference * twin) for reference, twin in pairs]


def request_shares(recorded: Recorded, shares: Mapping[str, float]) -> dict[str, float]:
    """Back from shares of CPU to shares of requests."""
    weights = {journey: share / mean(denominator(recorded, journey)) for journey, share in shares.items()}
    total = sum(weights.values())
    return {journey: weight / total for journey, weight in weights.items()}
