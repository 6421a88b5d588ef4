"""The JSON of `tradeoff duet`: `{valid, reference, epochs, twin: E, arms: [{arm, cpu_per_request: E}]}`."""

from __future__ import annotations

from typing import Any

from tradeoff.judge.summary import ArmPrice, Interval, Summary


def duet_result(summary: Summary) -> dict[str, Any]:
    """What a run of one block showed. Ratios are arm / reference; journeys' intervals hold together at 95 %."""
    block = summary.blocks[0]
    void = block.void or next((price.void for price in summary.prices if price.void), None)
    return {
        "valid": void is None,
        "why_invalid": void,
        "run": summary.run,
        "reference": block.reference,
        "epochs": block.epochs,
        "utilisation": block.utilisation,
        "twin": _estimate(block.twin),
        "arms": [{"arm": price.arm, "cpu_per_request": _estimate(price)} for price in summary.prices],
    }


def _estimate(price: ArmPrice | None) -> dict[str, Any] | None:
    if price is None or price.ratio is None or price.added_us is None:
        return None
    return {
        "ratio": price.ratio.value,
        "low": price.ratio.low,
        "high": price.ratio.high,
        "added_us": price.added_us.value,
        "reference_us": price.reference_us,
        "journeys": {
            name: _added(one.added_us_joint) | {"reference_us": one.reference_us}
            for name, one in price.journeys.items()
        },
    }


def _added(added: Interval) -> dict[str, float]:
    return {"added_us": added.value, "low": added.low, "high": added.high}
