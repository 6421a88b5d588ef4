"""Latencies in nanoseconds, in an HdrHistogram: exact counts, values within 0.1 % from 50 µs up.

Three significant digits over 1 ns units give 1,024 cells an octave; a value is reported as the highest one of its cell,
so it is too high by less than 1/1,024 (0.098 %) of itself (Tene, HdrHistogram, "Histogram variants and internal
representation"). The encoded form is the library's own V2 form (compressed, base64), which other HdrHistograms read.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil

from hdrh.histogram import HdrHistogram

LOWEST_NS = 1
HIGHEST_NS = 3_600_000_000_000  # an hour: nothing that a time-out lets live is clipped
SIGNIFICANT_DIGITS = 3

PERCENTILES = (50.0, 90.0, 95.0, 99.0, 99.9)


@dataclass(frozen=True, slots=True)
class Percentile:
    """At least `percentile` per cent of the values are at most `value_ns`; `beyond` values lie above it."""

    percentile: float
    value_ns: int
    beyond: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a histogram holds, all times in ns; without values all times are 0."""

    count: int
    min_ns: int
    mean_ns: float
    max_ns: int
    percentiles: tuple[Percentile, ...]


class LatencyHistogram:
    """Counts latencies from 1 ns to an hour."""

    def __init__(self) -> None:
        self._hdr = HdrHistogram(LOWEST_NS, HIGHEST_NS, SIGNIFICANT_DIGITS)

    @classmethod
    def decode(cls, encoded: str) -> LatencyHistogram:
        """Read what `encode` wrote, or raise ValueError if it is not such a text or has another range or precision."""
        decoded = cls()
        try:
            other = HdrHistogram.decode(encoded)
        except Exception as error:  # the library has no common base of its errors (zlib, base64, ctypes, its own)
            raise ValueError(f"not an encoded HdrHistogram: {error!r}") from error
        shape = (other.lowest_trackable_value, other.highest_trackable_value, other.significant_figures)
        if shape != (LOWEST_NS, HIGHEST_NS, SIGNIFICANT_DIGITS):
            raise ValueError(f"a histogram of another range or precision: {shape}")
        decoded._hdr = other
        return decoded

    @property
    def count(self) -> int:
        """How many values were recorded."""
        return int(self._hdr.total_count)

    def record(self, latency_ns: int) -> None:
        """Count one latency; raises ValueError outside 0 ns to an hour, so that nothing is lost in silence."""
        if not self._hdr.record_value(latency_ns):
            raise ValueError(f"a latency of {latency_ns} ns does not fit 0 to {HIGHEST_NS} ns")

    def merge(self, other: LatencyHistogram) -> None:
        """Add the other's counts, cell by cell, so that merging loses nothing."""
        if other.count:
            self._hdr.add(other._hdr)

    def encode(self) -> str:
        """The V2 compressed form in base64."""
        return str(self._hdr.encode().decode("ascii"))

    def counts(self) -> dict[int, int]:
        """How many values each cell that is not empty holds, by the highest value of the cell in ns."""
        return {self._value(index): count for index, count in enumerate(self._cells()) if count}

    def summary(self, percentiles: Sequence[float] = PERCENTILES) -> Summary:
        """Nearest-rank percentiles with the number of values beyond each, and mean (of cell middles)."""
        cells = self._cells()
        if not cells:
            return Summary(0, 0, 0.0, 0, tuple(Percentile(p, 0, 0) for p in percentiles))
        running = list(accumulate(cells))
        total_ns = sum(count * self._middle(index) for index, count in enumerate(cells) if count)
        return Summary(
            count=running[-1],
            min_ns=self._value(bisect_left(running, 1)),
            mean_ns=total_ns / running[-1],
            max_ns=self._value(len(running) - 1),
            percentiles=tuple(self._percentile(p, running) for p in percentiles),
        )

    def _percentile(self, percentile: float, running: list[int]) -> Percentile:
        rank = max(1, ceil(percentile * running[-1] / 100))
        index = bisect_left(running, rank)
        return Percentile(percentile, self._value(index), running[-1] - running[index])

    def _cells(self) -> list[int]:
        if not self.count:
            return []
        return list(self._hdr.counts[: self._hdr.get_counts_array_index(self._hdr.max_value) + 1])

    def _middle(self, index: int) -> float:
        return (int(self._hdr.get_value_from_index(index)) + self._value(index)) / 2

    def _value(self, index: int) -> int:
        return int(self._hdr.get_highest_equivalent_value(self._hdr.get_value_from_index(index)))
