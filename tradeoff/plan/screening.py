"""Screening: two-level designs in which many factors change at once, so that every arm informs every factor.

With k factors changed one at a time, an effect rests on one arm and the reference. In an orthogonal array of n arms it
rests on all of them, half at each level: its variance is 4 s²/n, with s² the noise of one arm (Plackett & Burman 1946,
Box, Hunter & Hunter, Statistics for Experimenters, chapter 6). The smallest array of more than k rows keeps effects
apart from each other (resolution III); folded over, with every sign turned in a second half, also from the
interactions of pairs (resolution IV). The arm in which nothing is changed is the reference itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

import numpy as np
from scipy.linalg import hadamard

from tradeoff.plan.arm import ArmSpec, parse_arm
from tradeoff.plan.factors import Catalog


def changes(factors: int, *, folded: bool) -> list[list[bool]]:
    """Which factors each arm changes: a row an arm, a column a factor; the row that changes nothing is left out."""
    signs = next(_arrays(factors + 1))[:, 1 : factors + 1]
    whole = factors <= 2  # all combinations are there already
    rows = np.vstack([signs, -signs]) if folded and not whole else signs
    return [[bool(sign < 0) for sign in row] for row in rows if (row < 0).any()]


def _arrays(rows: int) -> Iterator[np.ndarray[tuple[int, int], np.dtype[np.int64]]]:
    """Orthogonal arrays of at least so many rows, the smallest first; in the first row and column all signs are +1."""
    for size in count(rows):
        if size & (size - 1) == 0:
            yield hadamard(size)
        elif size % 4 == 0 and _is_prime(size - 1):
            yield _paley(size - 1)


def _paley(prime: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """The array of `prime` + 1 rows, for a prime of the form 4 m + 3 (Paley 1933): signs are those of squares."""
    squares = {number * number % prime for number in range(1, prime)}
    signs = np.ones((prime + 1, prime + 1), dtype=np.int64)
    for row in range(prime):
        for column in range(prime):
            apart = (column - row) % prime
            signs[row + 1, column + 1] = -1 if apart == 0 or apart in squares else 1
    return signs


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % divisor for divisor in range(2, int(number**0.5) + 1))


def screening_arms(profile: str, other: Mapping[str, str], catalog: Catalog, *, folded: bool) -> tuple[ArmSpec, ...]:
    """The arms of a screening: the profile with half of the factors at their `other` level.

    Args:
        profile: the treatment that is changed, such as hardened.
        other: the level that each screened factor has where it is changed.
        folded: whether effects are kept apart from the interactions of pairs too, by twice as many arms.
    """
    names = list(other)
    rows = changes(len(names), folded=folded)
    changed = [[f"{name}={other[name]}" for name, on in zip(names, row, strict=True) if on] for row in rows]
    return tuple(parse_arm(",".join([profile, *settings]), catalog) for settings in changed)
