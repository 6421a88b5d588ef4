"""Capacities from their slices: value, interval, repeatability, ratio to the group's first arm, and the curve.

All rounds together give the value: the demand at which the objective fails (measure/capacity.py) by the CPU of a visit.
Its interval is that of the search's belief, or what the rounds differ by where that is wider. In a ratio the CPU of a
visit is compared where both arms served the same visits at the same time.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean, median, stdev

from scipy import stats

from tradeoff.judge.summary import ArmCapacity, CapacityPoint, Interval, RatePoint
from tradeoff.measure.capacity import estimate, is_kept, is_void
from tradeoff.plan.load import CapacityGroup
from tradeoff.plan.objective import Objective
from tradeoff.record.events import AnyEvent, CapacityRound, CapacitySlice, CapacityTogether, LoadSlice

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
    parts: dict[tuple[str, int], list[CapacitySlice | CapacityTogether]] = defaultdict(list)
    ended: dict[str, list[CapacitySlice | CapacityTogether]] = defaultdict(list)
    for event in events:
        if isinstance(event, CapacitySlice | CapacityTogether):
            parts[event.group, event.round].append(event)
        elif isinstance(event, CapacityRound):
            ended[event.group] += parts.pop((event.group, event.round), [])
    return [judged for group in groups for judged in _group(group, ended[group.name])]


def _group(group: CapacityGroup, parts: Sequence[CapacitySlice | CapacityTogether]) -> list[ArmCapacity]:
    found = [_Arm(spec.label, group.objective, parts) for spec in group.arms]
    return [arm.judged(group, found[0]) for arm in found if arm.slices]


class _Arm:
    """One arm's slices, and its CPU where all arms served together."""

    def __init__(self, label: str, objective: Objective, parts: Sequence[CapacitySlice | CapacityTogether]) -> None:
        self.label, self.objective = label, objective
        self.slices = [one for one in parts if isinstance(one, CapacitySlice) and one.arm == label]
        self.together = [one for one in parts if isinstance(one, CapacityTogether)]
        counted = [one for one in self.slices if not one.look]
        self.rounds: dict[int, list[LoadSlice]] = defaultdict(list)
        for one in counted:
            if not is_void(one.slice, objective):
                self.rounds[one.round].append(one.slice)
        self.sound = [one for slices in self.rounds.values() for one in slices]
        self.void_share = 1 - len(self.sound) / max(len(counted), 1)
        self.demands = {number: self._demand(slices) for number, slices in self.rounds.items()}

    def judged(self, group: CapacityGroup, reference: _Arm) -> ArmCapacity:
        void = self._void()
        rate = None if void else self.log_rate().interval()
        ratio = None if void or reference is self or reference._void() else self._ratio(reference).interval()
        by_round = [self.demands[number] - _log_cpu(slices).value for number, slices in self.rounds.items()]
        return ArmCapacity(
            group=group.name,
            arm=self.label,
            objective=group.objective,
            rate=rate,
            rounds=[math.exp(value) for value in by_round],
            repeatability=_spread(by_round),
            against=reference.label if ratio else None,
            ratio=ratio,
            at_capacity=self._at(rate) if rate else None,
            curve=self._curve(),
            slices=len(self.sound),
            void=void,
        )

    def log_demand(self) -> _Log:
        """The demand at which the objective fails."""
        knee = estimate(self.sound, self.objective)
        believed = math.log(knee.quantile(0.84) / knee.quantile(0.16)) / 2
        return _Log(math.log(knee.quantile(0.5)), _wider(believed, list(self.demands.values())))

    def log_rate(self) -> _Log:
        demand, cpu = self.log_demand(), _log_cpu(self.sound)
        by_round = [self.demands[number] - _log_cpu(slices).value for number, slices in self.rounds.items()]
        return _Log(demand.value - cpu.value, _wider(math.hypot(demand.error, cpu.error), by_round))

    def _ratio(self, reference: _Arm) -> _Log:
        mine, other, cpu = self.log_demand(), reference.log_demand(), self._log_cpu_ratio(reference)
        return _Log(mine.value - other.value - cpu.value, math.hypot(mine.error, other.error, cpu.error))

    def _log_cpu_ratio(self, reference: _Arm) -> _Log:
        """CPU of a visit against the reference's, where both served the same visits at the same time."""
        pairs = [(one.cpu_ns[self.label], one.cpu_ns[reference.label]) for one in self.together]
        if len(pairs) > 1:
            return _log_ratio(pairs)
        mine, other = _log_cpu(self.sound), _log_cpu(reference.sound)
        return _Log(mine.value - other.value, math.hypot(mine.error, other.error))

    def _demand(self, slices: Sequence[LoadSlice]) -> float:
        return math.log(estimate(slices, self.objective).quantile(0.5))

    def _void(self) -> str | None:
        if self.void_share > MOST_VOID:
            said = f"the load process was late, or other work had the core, in {self.void_share:.0%} of the slices"
            return said.replace("%", " %")
        return None if self.sound else "no slice came to its end"

    def _at(self, rate: Interval) -> CapacityPoint:
        top = math.exp(self.log_demand().value)
        near = [one for one in self.sound if top * (1 - NEAR) <= one.demand <= top]
        near = near or [min(self.sound, key=lambda one: abs(math.log(one.demand / top)))]
        requests = sum(one.requests for one in near)
        per_visit = requests / max(sum(one.arrivals - one.dropped for one in near), 1)
        return CapacityPoint(
            requests_per_s=Interval(value=rate.value * per_visit, low=rate.low * per_visit, high=rate.high * per_visit),
            tail_ms=median(one.tail_ms for one in near),
            error_rate=sum(one.errors for one in near) / max(requests, 1),
            cpu=mean(one.cpu_ns / max(one.wall_ns, 1) for one in near),
            generator_cpu=mean(one.generator_cpu_ns / max(one.wall_ns, 1) for one in near),
            others=mean(one.others for one in near),
            seconds=sum(one.seconds for one in near),
        )

    def _curve(self) -> list[RatePoint]:
        """Rates of a whole core, at the mean CPU of a visit: so that a slower moment is not a slower arm."""
        cpu = math.exp(_log_cpu(self.sound).value) if self.sound else 1.0
        return [
            RatePoint(rate=one.slice.demand / cpu, tail_ms=one.slice.tail_ms, kept=is_kept(one.slice, self.objective))
            for one in sorted(self.slices, key=lambda one: one.slice.demand)
            if not is_void(one.slice, self.objective)
        ]


def _log_cpu(slices: Sequence[LoadSlice]) -> _Log:
    """CPU of a visit, s."""
    return _mean([math.log(one.cpu_per_visit) for one in slices])


def _mean(values: Sequence[float]) -> _Log:
    return _Log(mean(values), (_spread(values) or 0.0) / math.sqrt(len(values)))


def _log_ratio(pairs: Sequence[tuple[int, int]]) -> _Log:
    """Log of the ratio of sums, with the jackknife's standard error: single pairs hold few of the dear visits."""
    mine, other = (sum(side) for side in zip(*pairs, strict=True))
    without = [math.log((mine - one) / (other - its)) for one, its in pairs]
    return _Log(math.log(mine / other), (_spread(without) or 0.0) * (len(pairs) - 1) / math.sqrt(len(pairs)))


def _wider(believed: float, by_round: Sequence[float]) -> float:
    """The search's standard error, or what the rounds differ by where that is wider."""
    return max(believed, (_spread(by_round) or 0.0) / math.sqrt(max(len(by_round), 1)))


def _spread(values: Sequence[float]) -> float | None:
    """Standard deviation; None where one value has none."""
    return stdev(values) if len(values) > 1 else None
