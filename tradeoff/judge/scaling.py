"""How throughput scales: the Universal Scalability Law, what limits, and cores for a stated rate.

Throughput of N users (or workers) is X(N) = a N / (1 + b (N - 1) + c N (N - 1)): `a` is that of one, `b` the share of
work for which all must queue (contention), `c` what keeping each other informed costs (crosstalk); with c = 0 it is
Amdahl's law (Gunther, "Guerrilla Capacity Planning", 2007, chapter 4). The fit minimises relative errors, and its
intervals are by the parametric bootstrap over the spread of the rounds.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import mean, median, stdev
from typing import TypeAlias

import numpy as np
from scipy import stats
from scipy.optimize import least_squares

from tradeoff.judge.summary import (
    ArmCapacity,
    ArmScaling,
    CoresNeeded,
    DataPoint,
    Interval,
    Limit,
    ScalePoint,
    ScalingFit,
)
from tradeoff.plan.load import Scaling
from tradeoff.record.events import AnyEvent, LoadSlice, ScaleEnded, ScaleSlice

Floats: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.float64]]"

FEWEST_POINTS = 5
RESAMPLES = 400
CONFIDENCE = 0.95
#: A processor that is used for at least this share of the time is what limits.
FULL = 0.9
RATES = (1e3, 1e4, 1e5, 1e6)
NOT_HERE = "not measurable here"


def law(users: Floats, one: float, contention: float, crosstalk: float) -> Floats:
    """Throughput by the Universal Scalability Law, in the unit of `one`."""
    return one * users / (1 + contention * (users - 1) + crosstalk * users * (users - 1))


def fit_law(points: Mapping[int, Sequence[float]], *, cores: int | None = None) -> ScalingFit:
    """Fit the law to throughputs by N, several of each.

    With `cores`, N are workers: beyond the cores that they may use, throughput is the cores', not the law's.
    """
    numbers = sorted(points)
    if cores is not None and numbers and numbers[-1] > cores:
        return ScalingFit(void=f"{NOT_HERE}: {numbers[-1]} workers on {cores} core{'s' if cores > 1 else ''}")
    if len(numbers) < FEWEST_POINTS:
        return ScalingFit(void=f"{NOT_HERE}: {len(numbers)} points, of which a fit needs {FEWEST_POINTS}")
    users, logs = np.asarray(numbers, dtype=float), [np.log(points[number]) for number in numbers]
    middle, error = np.array([one.mean() for one in logs]), _standard_errors(logs)
    best = _fit(users, middle)
    draw = np.random.default_rng(1)
    residual = float(np.std(middle - np.log(law(users, *best)), ddof=3)) if len(users) > 3 else 0.0
    noise = np.maximum(error, residual)
    drawn = np.array([_fit(users, middle + draw.normal(0, noise), best) for _ in range(RESAMPLES)])
    one, contention, crosstalk = (_interval(best[index], drawn[:, index]) for index in range(3))
    peak_users, peak = _peak(best, drawn)
    return ScalingFit(one=one, contention=contention, crosstalk=crosstalk, peak_users=peak_users, peak=peak)


def _standard_errors(logs: Sequence[Floats]) -> Floats:
    """Of each mean, from the spread pooled over all points."""
    pooled = math.sqrt(mean(float(one.var(ddof=1)) if len(one) > 1 else 0.0 for one in logs))
    return np.array([pooled / math.sqrt(len(one)) for one in logs])


def _fit(users: Floats, middle: Floats, start: Sequence[float] | None = None) -> tuple[float, float, float]:
    def residuals(parameters: Floats) -> Floats:
        found: Floats = np.log(law(users, *parameters)) - middle
        return found

    first = start or (math.exp(middle[0]) / users[0], 0.1, 0.001)
    bounded = np.clip(first, [1e-9, 1e-12, 1e-12], np.inf)
    found = least_squares(
        residuals, bounded, bounds=([1e-9, 0, 0], [np.inf, 1.0, np.inf]), x_scale=(bounded[0], 0.1, 0.01)
    )
    return float(found.x[0]), float(found.x[1]), float(found.x[2])


def _interval(value: float, drawn: Floats) -> Interval:
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(value=value, low=min(float(low), value), high=max(float(high), value))


def _peak(best: Sequence[float], drawn: Floats) -> tuple[Interval | None, Interval | None]:
    """Where throughput is highest, sqrt((1 - b) / c), and how high; None where it never falls."""
    tops = [_top(row) for row in drawn]
    if (top := _top(best)) is None or any(one is None for one in tops):
        return None, None
    found = np.array(tops)
    return _interval(top[0], found[:, 0]), _interval(top[1], found[:, 1])


def _top(parameters: Sequence[float]) -> tuple[float, float] | None:
    one, contention, crosstalk = (float(part) for part in parameters)
    if crosstalk < 1e-9:
        return None
    users = max(1.0, math.sqrt((1 - contention) / crosstalk))
    return users, float(law(np.array([users]), one, contention, crosstalk)[0])


def judge_scalings(events: Iterable[AnyEvent], planned: Iterable[Scaling]) -> list[ArmScaling]:
    """Every arm whose slices came to their end."""
    slices: dict[str, list[ScaleSlice]] = defaultdict(list)
    ended: dict[str, ScaleEnded] = {}
    for event in events:
        if isinstance(event, ScaleSlice):
            slices[event.arm].append(event)
        elif isinstance(event, ScaleEnded):
            ended[event.arm] = event
    return [
        _judged(scaling, slices[label], ended[label].cores)
        for scaling in planned
        if (label := scaling.arm.label) in ended
    ]


def _judged(scaling: Scaling, slices: Sequence[ScaleSlice], cores: int) -> ArmScaling:
    grouped: dict[tuple[int, int, int], list[LoadSlice]] = defaultdict(list)
    for one in slices:
        grouped[one.workers, one.articles, one.users].append(one.slice)
    points = [_point(*key, found, cores) for key, found in sorted(grouped.items())]
    base_workers, base_articles = scaling.workers[0], scaling.articles[0]
    by_users = {
        users: _throughputs(found)
        for (workers, articles, users), found in grouped.items()
        if (workers, articles) == (base_workers, base_articles)
    }
    by_workers = {
        workers: _throughputs(found)
        for (workers, articles, users), found in grouped.items()
        if (articles, users) == (base_articles, max(scaling.users))
    }
    return ArmScaling(
        arm=scaling.arm.label,
        cores=cores,
        points=points,
        users_fit=fit_law(by_users),
        workers_fit=fit_law(by_workers, cores=cores),
        data=_by_data(scaling, grouped),
    )


def _throughputs(slices: Sequence[LoadSlice]) -> list[float]:
    return [max(one.requests_per_s, 1e-6) for one in slices]


def _point(workers: int, articles: int, users: int, slices: Sequence[LoadSlice], cores: int) -> ScalePoint:
    cpu = median(one.cpu_ns / max(one.wall_ns, 1) for one in slices) / min(workers, cores)
    generator_cpu = median(one.generator_cpu_ns / max(one.wall_ns, 1) for one in slices)
    others = median(one.others for one in slices)
    return ScalePoint(
        workers=workers,
        articles=articles,
        users=users,
        requests_per_s=_mean_interval(_throughputs(slices)),
        tail_ms=median(one.tail_ms for one in slices),
        error_rate=sum(one.errors for one in slices) / max(sum(one.requests for one in slices), 1),
        cpu=cpu,
        generator_cpu=generator_cpu,
        others=others,
        limit=limit_of(cpu, generator_cpu, others),
    )


def limit_of(cpu: float, generator_cpu: float, others: float) -> Limit:
    """What limits at a point: whatever processor is full; shares of the time for which each is used.

    Where none is, there are too few users, or they wait for a database, a lock or a pool: no clock tells these apart
    from outside. A database inside of the arm's processes is in their CPU.
    """
    if generator_cpu >= FULL:
        return "load process"
    if cpu >= FULL:
        return "CPU"
    return "other work" if cpu + others >= FULL and others > 1 - FULL else "waiting"


def _mean_interval(values: Sequence[float]) -> Interval:
    """Geometric mean over rounds with its t-interval."""
    logs = [math.log(value) for value in values]
    middle = mean(logs)
    if len(logs) < 2:
        return Interval(value=math.exp(middle), low=0.0, high=math.inf)
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(logs) - 1)) * stdev(logs) / math.sqrt(len(logs))
    return Interval(value=math.exp(middle), low=math.exp(middle - reach), high=math.exp(middle + reach))


def _by_data(scaling: Scaling, grouped: Mapping[tuple[int, int, int], Sequence[LoadSlice]]) -> list[DataPoint]:
    """Throughput with each number of articles, as a ratio to that with the first, in the same rounds."""
    workers, users = scaling.workers[0], max(scaling.users)
    base = _throughputs(grouped[workers, scaling.articles[0], users])
    found = []
    for articles in scaling.articles[1:]:
        other = _throughputs(grouped[workers, articles, users])
        ratios = [mine / first for mine, first in zip(other, base, strict=False)]
        found.append(DataPoint(articles=articles, against=scaling.articles[0], ratio=_mean_interval(ratios)))
    return found


def cores_needed(capacities: Iterable[ArmCapacity], cores: int = 1) -> list[CoresNeeded]:
    """Cores for stated rates, requests a second: an extrapolation, at least these, as if cores shared nothing."""
    return [
        CoresNeeded(
            arm=one.arm,
            requests_per_s=rate,
            cores=Interval(value=rate * cores / per.value, low=rate * cores / per.high, high=rate * cores / per.low),
        )
        for one in capacities
        if one.at_capacity is not None
        for per in (one.at_capacity.requests_per_s,)
        for rate in RATES
    ]
