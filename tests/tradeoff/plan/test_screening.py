"""Designs in which many factors change at once."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from tradeoff.plan.screening import changes


def signs(factors: int, *, folded: bool) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The design with the reference's row, as -1 (changed) and 1."""
    return np.array([[False] * factors, *changes(factors, folded=folded)]) * -2.0 + 1.0


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("factors", [1, 2, 5, 7, 8, 11, 16, 20, 23, 27, 31, 40])
def test_effects_are_kept_apart_from_each_other(factors: int, folded: bool) -> None:
    """Each factor is changed in half of the arms, and any two in a quarter: columns are orthogonal and sum to 0."""
    design = signs(factors, folded=folded)
    assert (design.T @ design == len(design) * np.eye(factors)).all()
    assert (design.sum(axis=0) == 0).all()


def test_the_number_of_arms() -> None:
    """The next multiple of four above the number of factors (but for 28), less the reference; folded, twice that."""
    counted = [len(changes(factors, folded=False)) for factors in (1, 3, 4, 7, 8, 12, 16, 20, 24, 27)]
    assert counted == [1, 3, 7, 7, 11, 15, 19, 23, 31, 31]
    assert len(changes(16, folded=True)) == 39


def test_folded_over_effects_are_kept_apart_from_interactions_of_pairs() -> None:
    """No column is the product of two others, which unfolded some are."""

    def mixed_up(folded: bool) -> int:
        design = signs(7, folded=folded)
        pairs = [design[:, a] * design[:, b] for a, b in combinations(range(7), 2)]
        return sum(bool(pair @ design[:, column]) for pair in pairs for column in range(7))

    assert mixed_up(folded=True) == 0
    assert mixed_up(folded=False) > 0
