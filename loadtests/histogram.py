"""Latencies in nanoseconds, in the cells of an HdrHistogram: exact counts, values within 0.1 % from 50 µs up.

Three significant digits over 1 ns units give 1,024 cells an octave; a value is reported as the highest one of its cell,
so it is too high by less than 1/1,024 (0.098 %) of itself (Tene, HdrHistogram, "Histogram variants and internal
representation"). Only cells that are not empty are kept: recording is one addition in a dict, and what a worker sends
to its master is as small as what it saw. The encoded form is the standard V2 form (compressed, base64), which other
HdrHistograms read; it is written here from the cells alone, since the library's takes 10 ms, in which a generator
stands.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from hdrh.histogram import HdrHistogram

LOWEST_NS = 1
HIGHEST_NS = 3_600_000_000_000  # an hour: nothing that a time-out lets live is clipped
SIGNIFICANT_DIGITS = 3

#: Bits of a value that choose its cell: 2,048 values, of which the upper 1,024 are a cell each in every octave.
_CELL_BITS = 11

# The V2 form: cookie, length, offset, digits, lowest, highest, ratio; and the compressed form around it.
_HEAD, _COOKIE = struct.Struct(">iiiiqqd"), 0x1C849313
_OUTER, _OUTER_COOKIE = struct.Struct(">ii"), 0x1C849314

PERCENTILES = (50.0, 90.0, 95.0, 99.0, 99.9, 99.99)


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
    """Counts latencies from 0 ns to an hour."""

    __slots__ = ("_cells",)

    def __init__(self) -> None:
        self._cells: dict[int, int] = {}

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
        if other.total_count:
            last = other.get_counts_array_index(other.max_value)
            decoded._cells = {cell: count for cell, count in enumerate(other.counts[: last + 1]) if count}
        return decoded

    @classmethod
    def of_cells(cls, cells: Iterable[Sequence[int]]) -> LatencyHistogram:
        """From pairs of a cell and its count, as `cells` gives them."""
        made = cls()
        made._cells = {one[0]: one[1] for one in cells}
        return made

    @property
    def count(self) -> int:
        """How many values were recorded."""
        return sum(self._cells.values())

    def record(self, latency_ns: int) -> None:
        """Count one latency; raises ValueError outside 0 ns to an hour, so that nothing is lost in silence."""
        if not 0 <= latency_ns <= HIGHEST_NS:
            raise ValueError(f"a latency of {latency_ns} ns does not fit 0 to {HIGHEST_NS} ns")
        cells, cell = self._cells, _cell(latency_ns)
        cells[cell] = cells.get(cell, 0) + 1

    def merge(self, other: LatencyHistogram) -> None:
        """Add the other's counts, cell by cell, so that merging loses nothing."""
        cells = self._cells
        for cell, count in other._cells.items():
            cells[cell] = cells.get(cell, 0) + count

    def encode(self) -> str:
        """The V2 compressed form in base64."""
        counts = b"".join(_encoded(self._cells))
        head = _HEAD.pack(_COOKIE, len(counts), 0, SIGNIFICANT_DIGITS, LOWEST_NS, HIGHEST_NS, 1.0)
        packed = zlib.compress(head + counts)
        return base64.b64encode(_OUTER.pack(_OUTER_COOKIE, len(packed)) + packed).decode("ascii")

    def cells(self) -> list[tuple[int, int]]:
        """Cells that are not empty, and their counts: small, and whole."""
        return list(self._cells.items())

    def counts(self) -> dict[int, int]:
        """How many values each cell that is not empty holds, by the highest value of the cell in ns, in order."""
        return {_highest(cell): self._cells[cell] for cell in sorted(self._cells)}

    def beyond(self, value_ns: float) -> int:
        """How many values are reported above `value_ns`."""
        first = _cell(int(value_ns))
        if _highest(first) <= value_ns:
            first += 1
        return sum(count for cell, count in self._cells.items() if cell >= first)

    def summary(self, percentiles: Sequence[float] = PERCENTILES) -> Summary:
        """Nearest-rank percentiles with the number of values beyond each, and mean (of cell middles)."""
        cells = sorted(self._cells.items())
        if not cells:
            return Summary(0, 0, 0.0, 0, tuple(Percentile(p, 0, 0) for p in percentiles))
        total = self.count
        total_ns = sum(count * _middle(cell) for cell, count in cells)
        found = dict(zip(sorted(percentiles), _ranked(cells, sorted(percentiles), total), strict=True))
        return Summary(
            count=total,
            min_ns=_highest(cells[0][0]),
            mean_ns=total_ns / total,
            max_ns=_highest(cells[-1][0]),
            percentiles=tuple(found[one] for one in percentiles),
        )


def _ranked(cells: list[tuple[int, int]], percentiles: Sequence[float], total: int) -> Iterable[Percentile]:
    """Nearest rank of each, in one walk; both ascend."""
    walk, seen, cell = iter(cells), 0, 0
    for percentile in percentiles:
        rank = max(1, ceil(round(percentile * total / 100, 9)))  # 99.9 % of 1,000 is 999, not 999.0000000000001
        while seen < rank:
            cell, count = next(walk)
            seen += count
        yield Percentile(percentile, _highest(cell), total - seen)


def _encoded(cells: dict[int, int]) -> Iterator[bytes]:
    """Counts in the order of their cells; a run of empty cells is its negative length (V2 encoding)."""
    after = 0
    for cell in sorted(cells):
        if cell > after:
            yield _varint(2 * (cell - after) - 1)  # zigzag of a negative number
        yield _varint(2 * cells[cell])
        after = cell + 1


def _varint(number: int) -> bytes:
    """LEB128: seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _cell(value: int) -> int:
    """Its index in HdrHistogram's array of counts."""
    shift = value.bit_length() - _CELL_BITS
    return value if shift <= 0 else (shift << _CELL_BITS - 1) + (value >> shift)


def _lowest(cell: int) -> int:
    shift = max(0, (cell >> _CELL_BITS - 1) - 1)
    return (cell - (shift << _CELL_BITS - 1)) << shift


def _highest(cell: int) -> int:
    return _lowest(cell + 1) - 1


def _middle(cell: int) -> float:
    return (_lowest(cell) + _highest(cell)) / 2
