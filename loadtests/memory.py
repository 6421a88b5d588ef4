"""Whether memory stays flat: resident sizes of the generator's processes and, on loopback, of the target's.

The first fifth of the samples is left out: caches fill and pools grow. The rest is cut into five parts; memory grows if
the median of every part is above that of the one before (by chance once in 120 times) and the whole rise is no trifle.
The rate is the slope of Theil and Sen over those medians.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import psutil

PARTS = 5
LEAST_SAMPLES = 50
TRIFLE = 0.01  # of the size, and at least
TRIFLE_BYTES = 1 << 20

_OWN = psutil.Process()

Samples = Sequence[tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Trend:
    """`grows` is None where there are too few samples; sizes in bytes, growth in bytes a second."""

    process: str
    samples: int
    first: float
    last: float
    slope: float
    grows: bool | None

    def __str__(self) -> str:
        if self.grows is None:
            return f"{self.process}: too short a time to say whether memory is flat ({self.samples} samples)"
        sizes = f"{self.first / 2**20:.1f} to {self.last / 2**20:.1f} MiB"
        grows = f"grows by {self.slope * 3600 / 2**20:.1f} MiB an hour: it leaks" if self.grows else "is flat"
        return f"{self.process}: memory {grows} ({sizes}, {self.samples} samples)"


def trend(process: str, samples: Samples) -> Trend:
    """How memory went; `samples` are (seconds, bytes) in order."""
    kept = samples[len(samples) // 5 :]
    if len(samples) < LEAST_SAMPLES:
        return Trend(process, len(samples), 0.0, 0.0, 0.0, None)
    parts = [kept[len(kept) * part // PARTS : len(kept) * (part + 1) // PARTS] for part in range(PARTS)]
    points = [(median(at for at, _ in part), median(size for _, size in part)) for part in parts]
    slope = median((b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2))
    first, last = points[0][1], points[-1][1]
    rises = all(later > earlier for (_, earlier), (_, later) in pairwise(points))
    return Trend(process, len(samples), first, last, slope, rises and last - first > max(TRIFLE_BYTES, TRIFLE * first))


def own_size() -> int:
    """This process's resident size, in bytes."""
    return int(_OWN.memory_info().rss)


class TargetMemory:
    """The processes that listen where a loopback target answers, and their children."""

    def __init__(self, url: str) -> None:
        self._processes = _listening(url)

    def size(self) -> int | None:
        """Their resident size together, or None where none can be seen."""
        sizes = [one.memory_info().rss for one in self._processes if one.is_running()]
        return sum(sizes) if sizes else None


def _listening(url: str) -> list[psutil.Process]:
    place = urlsplit(url)
    if not (place.hostname or "").startswith("127.") and place.hostname not in {"localhost", "::1"}:
        return []
    port = place.port or (443 if place.scheme == "https" else 80)
    try:
        owners = {one.pid for one in psutil.net_connections("tcp") if one.pid and _answers(one, place.hostname, port)}
        tops = [psutil.Process(pid) for pid in owners]
        return list({one.pid: one for top in tops for one in (top, *top.children(recursive=True))}.values())
    except psutil.Error:
        return []


def _answers(connection: Any, host: str | None, port: int) -> bool:
    if connection.status != psutil.CONN_LISTEN or connection.laddr.port != port:
        return False
    names = {host, "0.0.0.0", "::"} | ({"127.0.0.1", "::1"} if host == "localhost" else set())
    return connection.laddr.ip in names
