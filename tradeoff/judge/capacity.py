"""Capacities from their slices: value, interval, repeatability, ratio to the group's first arm, and the curve.

All rounds together give the value. Its interval is that of the search's belief, or what the rounds differ by where that
is wider. Ratios are of rounds: arms of one round met the same minutes of the machine.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from scipy import stats

from loadtests.histogram import LatencyHistogram
from tradeoff.judge.summary import ArmCapacity, CapacityPoint, Interval, RatePoint
from tradeoff.measure.capacity import estimate, is_kept, is_void
from tradeoff.plan.load import CapacityGroup
from tradeoff.plan.objective import Objective
from tradeoff.record.events import AnyEvent, CapacityRound, CapacitySlice, LoadSlice

CONFIDENCE = 0.95
#: Slices of which the load process was late, beyond which it and not the arm would set the figure.
MOST_VOID = 0.5
#: Slices that tell latency and errors at the capacity lie within this share below it.
NEAR = 0.1


@dataclass(frozen=True)
class _Log:
    """A log rate or ratio with its standard error."""

    value: float
    error: float

    def interval(self) -> Interval:
        reach = float(stats.norm.ppf((1 + CONFIDENCE) / 2)) * self.error
        return Interval(value=math.exp(self.value), low=math.exp(self.value - reach), high=math.exp(self.value + reach))


def judge_capacities(events: Iterable[AnyEvent], groups: Iterable[CapacityGroup]) -> list[ArmCapacity]:
    """Every arm of every group of which a round came to its end."""
    slices: dict[tuple[str, int], list[CapacitySlice]] = defaultdict(list)
    ended: dict[str, list[CapacitySlice]] = defaultdict(list)
    for event in events:
        if isinstance(event, CapacitySlice):
            slices[event.group, event.round].append(event)
        elif isinstance(event, CapacityRound):
            ended[event.group] += slices.pop((event.group, event.round), [])
    return [judged for group in groups for judged in _group(group, ended[group.name])]


def _group(group: CapacityGroup, slices: Sequence[CapacitySlice]) -> list[ArmCapacity]:
    found = [_Arm(spec.label, group.objective, [one for one in slices if one.arm == spec.label]) for spec in group.arms]
    return [arm.judged(group, found[0]) for arm in found if arm.slices]


class _Arm:
    """One arm's slices."""

    def __init__(self, label: str, objective: Objective, slices: Sequence[CapacitySlice]) -> None:
        self.label, self.objective, self.slices = label, objective, slices
        counted = [one for one in slices if not one.look]
        self.rounds: dict[int, list[LoadSlice]] = defaultdict(list)
        for one in counted:
            if not is_void(one.slice, objective):
                self.rounds[one.round].append(one.slice)
        self.sound = [one for slices in self.rounds.values() for one in slices]
        self.void_share = 1 - len(self.sound) / max(len(counted), 1)
        self.by_round = {number: math.log(self._rate(slices)) for number, slices in self.rounds.items()}

    def judged(self, group: CapacityGroup, reference: _Arm) -> ArmCapacity:
        void = self._void()
        rate = None if void else self.log_rate().interval()
        ratio = None if void or reference is self or reference._void() else self._ratio(reference).interval()
        return ArmCapacity(
            group=group.name,
            arm=self.label,
            objective=group.objective,
            rate=rate,
            rounds=[math.exp(value) for value in self.by_round.values()],
            repeatability=_spread(list(self.by_round.values())),
            against=reference.label if ratio else None,
            ratio=ratio,
            at_capacity=self._at(rate) if rate else None,
            curve=self._curve(),
            slices=len(self.sound),
            void=void,
        )

    def log_rate(self) -> _Log:
        knee = estimate(self.sound, self.objective)
        believed = math.log(knee.quantile(0.84) / knee.quantile(0.16)) / 2
        spread = _spread(list(self.by_round.values())) or 0.0
        return _Log(math.log(knee.quantile(0.5)), max(believed, spread / math.sqrt(len(self.by_round))))

    def _ratio(self, reference: _Arm) -> _Log:
        mine, other = self.log_rate(), reference.log_rate()
        shared = self.by_round.keys() & reference.by_round.keys()
        spread = _spread([self.by_round[number] - reference.by_round[number] for number in shared]) or 0.0
        believed = math.hypot(mine.error, other.error)
        return _Log(mine.value - other.value, max(believed, spread / math.sqrt(max(len(shared), 1))))

    def _rate(self, slices: Sequence[LoadSlice]) -> float:
        return estimate(slices, self.objective).quantile(0.5)

    def _void(self) -> str | None:
        if self.void_share > MOST_VOID:
            return f"the load process was late in {self.void_share:.0%} of the slices".replace("%", " %")
        return None if self.sound else "no slice came to its end"

    def _at(self, rate: Interval) -> CapacityPoint:
        near = [one for one in self.sound if rate.value * (1 - NEAR) <= one.offered_whole <= rate.value]
        near = near or [min(self.sound, key=lambda one: abs(math.log(one.offered_whole / rate.value)))]
        visits = sum(one.arrivals - one.dropped for one in near)
        requests = sum(one.requests for one in near)
        seconds = sum(one.seconds for one in near)
        per_visit = requests / max(visits, 1)
        return CapacityPoint(
            requests_per_s=Interval(value=rate.value * per_visit, low=rate.low * per_visit, high=rate.high * per_visit),
            tail_ms=_tail_ms(near, self.objective),
            error_rate=sum(one.errors for one in near) / max(requests, 1),
            cpu=mean(one.cpu_ns / max(one.wall_ns, 1) for one in near),
            generator_cpu=mean(one.generator_cpu_ns / max(one.wall_ns, 1) for one in near),
            others=mean(one.others for one in near),
            seconds=seconds,
        )

    def _curve(self) -> list[RatePoint]:
        return [
            RatePoint(rate=one.slice.offered_whole, tail_ms=one.slice.tail_ms, kept=is_kept(one.slice, self.objective))
            for one in sorted(self.slices, key=lambda one: one.slice.offered_whole)
            if not is_void(one.slice, self.objective)
        ]


def _spread(values: Sequence[float]) -> float | None:
    """Standard deviation; None where one value has none."""
    return stdev(values) if len(values) > 1 else None


def _tail_ms(slices: Sequence[LoadSlice], objective: Objective) -> float:
    pooled = LatencyHistogram()
    for one in slices:
        pooled.merge(LatencyHistogram.decode(one.histogram))
    (tail,) = pooled.summary((objective.percentile,)).percentiles
    return tail.value_ns / 1e6
