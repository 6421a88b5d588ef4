"""Objectives in plain text."""

from __future__ import annotations

import pytest

from tradeoff.plan.objective import Objective, parse_objective
from tradeoff.target.errors import TradeoffError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p99=100ms,errors=0.1%", Objective(percentile=99, latency_ms=100, errors=0.001)),
        ("p99.9=1.5s", Objective(percentile=99.9, latency_ms=1500)),
        ("errors=0%, p50=800us", Objective(percentile=50, latency_ms=0.8, errors=0)),
        ("", Objective()),
    ],
)
def test_an_objective_is_read(text: str, expected: Objective) -> None:
    """In any order; what is left out is as by default."""
    assert parse_objective(text) == expected


@pytest.mark.parametrize(
    "text", ["p99=100", "p99<100ms", "p99=1ms,p95=1ms", "p100=1ms", "p0=1ms", "errors=100%", "fast"]
)
def test_what_is_no_objective_is_refused(text: str) -> None:
    """By a sentence that names it."""
    with pytest.raises(TradeoffError, match="the objective"):
        parse_objective(text)


def test_a_label_reads_back() -> None:
    """What is printed can be given again."""
    objective = Objective(percentile=99.9, latency_ms=250, errors=0.005)
    assert parse_objective(objective.label) == objective
