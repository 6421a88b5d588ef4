"""Screening: two-level designs in which many factors change at once, so that every arm informs every factor.

With k factors changed one at a time, an effect rests on one arm and the reference. In an orthogonal array of n arms it
rests on all of them, half at each level: its variance is 4 s²/n, with s² the noise of one arm (Plackett & Burman 1946,
Box, Hunter & Hunter, Statistics for Experimenters, chapter 6). The array of the next power of two above k keeps effects
apart from each other (resolution III); folded over, with every sign turned in a second half, also from the
interactions of pairs (resolution IV). The arm in which nothing is changed is the reference itself.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.linalg import hadamard

from tradeoff.plan.arm import ArmSpec, parse_arm
from tradeoff.plan.factors import Catalog


def changes(factors: int, *, folded: bool) -> list[list[bool]]:
    """Which factors each arm changes: a row an arm, a column a factor; the row that changes nothing is left out."""
    size = 1
    while size <= factors:
        size *= 2
    signs = hadamard(size)[:, 1 : factors + 1]
    whole = factors <= 2  # all combinations are there already
    rows = np.vstack([signs, -signs]) if folded and not whole else signs
    return [[bool(sign < 0) for sign in row] for row in rows if (row < 0).any()]


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
