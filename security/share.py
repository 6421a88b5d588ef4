"""A share with its interval, as every score of this folder shows it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

#: The 97.5 % point of the normal distribution.
Z: Final = 1.959964


@dataclass(frozen=True)
class Share:
    """`count` of `total`, with Wilson's 95 % interval."""

    count: int
    total: int
    share: float
    low: float
    high: float


def wilson(count: int, total: int) -> Share:
    """The share with Wilson's score interval (1927), which stays inside 0..1 and holds for few cases too."""
    if total == 0:
        return Share(0, 0, 0.0, 0.0, 1.0)
    share, weight = count / total, Z * Z / total
    middle = (share + weight / 2) / (1 + weight)
    half = Z / (1 + weight) * math.sqrt(share * (1 - share) / total + weight / (4 * total))
    return Share(count, total, share, max(0.0, middle - half), min(1.0, middle + half))
