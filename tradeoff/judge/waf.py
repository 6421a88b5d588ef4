"""The curve of the WAF: attacks blocked and benign requests let pass by level, beside the price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tradeoff.judge.summary import ArmPrice, Interval, WafPoint
from tradeoff.plan.arm import ArmSpec
from tradeoff.record.events import AnyEvent, WafScored


def waf_points(events: Iterable[AnyEvent], planned: Iterable[ArmSpec], prices: Iterable[ArmPrice]) -> list[WafPoint]:
    """A point for each arm that was scored, in the plan's order."""
    scores = {event.arm: event.score for event in events if isinstance(event, WafScored)}
    priced = {price.arm: price for price in prices if price.void is None}
    return [_point(arm, scores[arm.label], priced.get(arm.label)) for arm in planned if arm.label in scores]


def _point(arm: ArmSpec, score: Mapping[str, Any], price: ArmPrice | None) -> WafPoint:
    blocked, let_pass = score["blocked"], score["let_pass"]
    return WafPoint(
        arm=arm.label,
        level=", ".join(arm.changed.values()) or arm.label,
        blocked=_interval(blocked),
        let_pass=_interval(let_pass),
        attacks=blocked["total"],
        benign=let_pass["total"],
        share=_added(price.ratio) if price and price.ratio else None,
        added_us=price.added_us if price else None,
    )


def _interval(share: Mapping[str, float]) -> Interval:
    return Interval(value=share["share"], low=share["low"], high=share["high"])


def _added(ratio: Interval) -> Interval:
    return Interval(value=ratio.value - 1, low=ratio.low - 1, high=ratio.high - 1)
