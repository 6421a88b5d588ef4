"""Recorded arrival times: a column of a CSV, or the times of an access log.

A CSV has one time a line, seconds or ISO 8601, in its first column or in one that is named `time` or `timestamp`. An
access log has its times in brackets (the Common Log Format, whose unit is a second) or, as nginx's `$msec`, in front.
Arrivals that share a second are spread over it, evenly: all at once would be a burst that nobody saw.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

_CLF = re.compile(r"\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]")
_MSEC = re.compile(r"^(\d{9,11}\.\d{3})\s")
_NAMES = ("time", "timestamp")


def read_times(path: Path) -> list[float]:
    """Seconds from the first arrival, never decreasing; raises OSError, or ValueError where no time can be read."""
    lines = [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    if not lines:
        raise ValueError(f"{path} is empty")
    times = sorted(_reader(lines[0])(lines))
    return [time - times[0] for time in _spread(times)]


def _reader(first: str) -> Callable[[Sequence[str]], Iterator[float]]:
    if _CLF.search(first):
        return _common
    return _milliseconds if _MSEC.match(first) else _column


def _common(lines: Sequence[str]) -> Iterator[float]:
    for text in _caught(_CLF, lines):
        yield datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z").timestamp()


def _milliseconds(lines: Sequence[str]) -> Iterator[float]:
    return map(float, _caught(_MSEC, lines))


def _caught(pattern: re.Pattern[str], lines: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        found = pattern.search(line)
        if not found:
            raise ValueError(f"line {number} has no time like the first line's")
        yield found[1]


def _column(lines: Sequence[str]) -> Iterator[float]:
    rows = list(csv.reader(lines))
    heading = [cell.strip().lower() for cell in rows[0]]
    place = next((heading.index(name) for name in _NAMES if name in heading), None)
    for number, row in enumerate(rows[place is not None :], 1 + (place is not None)):
        try:
            yield _time(row[place or 0].strip())
        except (ValueError, IndexError):
            raise ValueError(f"line {number} has no time in its column {1 + (place or 0)}") from None


def _time(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text).timestamp()


def _spread(times: Sequence[float]) -> Iterator[float]:
    """Where all times are whole seconds, those of one second stand evenly in it."""
    whole = all(time == int(time) for time in times)
    sharing, seen = Counter(times), Counter[float]()
    for time in times:
        yield time + seen[time] / sharing[time] if whole else time
        seen[time] += 1
