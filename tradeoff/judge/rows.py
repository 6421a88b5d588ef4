"""The lines of the trade-off table: what a factor's strong level costs and stops, what a trap gains and opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tradeoff.judge.summary import ArmPrice, AttackedArm, Decision, Interval, Row
from tradeoff.plan.factors import Catalog, Factor
from tradeoff.plan.plan import REFERENCE_PROFILE, weakest

DEAR_SHARE = 0.10


def table_rows(catalog: Catalog, prices: Iterable[ArmPrice], attacked: Iterable[AttackedArm]) -> list[Row]:
    """One row for each factor that probes judge and the reference has at a strong level, in the target's order."""
    by_arm = {price.arm: price for price in prices}
    outcomes = {arm.arm: {one.probe: one.result for one in arm.outcomes} for arm in attacked}
    return [
        _row(factor, catalog, by_arm, outcomes) for factor in catalog.factors if not (factor.scored or factor.apart)
    ]


def _row(
    factor: Factor,
    catalog: Catalog,
    prices: Mapping[str, ArmPrice],
    outcomes: Mapping[str, Mapping[str, str]],
) -> Row:
    strong, weak = catalog.profile(REFERENCE_PROFILE)[factor.name], weakest(factor).name
    label = f"{REFERENCE_PROFILE},{factor.name}={weak}"
    at_strong, at_weak = outcomes.get(REFERENCE_PROFILE, {}), outcomes.get(label, {})
    meant = sorted({probe for level in factor.levels for probe in level.trips})
    tried = [probe for probe in meant if at_strong.get(probe) in ("stopped", "succeeded")]
    stopped = [probe for probe in tried if at_strong[probe] == "stopped"]
    opened = [probe for probe, result in at_weak.items() if result == "succeeded" and at_strong.get(probe) == "stopped"]
    price = prices.get(label)
    on_journey = price.journeys.get(factor.journeys[0]) if price else None
    sign = -1 if factor.kind == "control" else 1
    row = Row(
        factor=factor.name,
        kind=factor.kind,
        threat=factor.threat,
        owasp=list(factor.ids.owasp),
        asvs=list(factor.ids.asvs),
        cwe=list(factor.ids.cwe),
        strong=strong,
        weak=weak,
        opened=opened,
        attacks=len(tried),
        stopped=len(stopped),
        journey=factor.journeys[0],
        price_us=_signed(on_journey.added_us, sign) if on_journey else None,
        price_share=_share(on_journey.ratio, sign) if on_journey else None,
        mix_share=_share(price.ratio, sign) if price and price.ratio else None,
        decision="not measured",
        reason="",
    )
    decision, reason = _decide(row, attacked=label in outcomes)
    return row.model_copy(update={"decision": decision, "reason": reason})


def _signed(added: Interval, sign: int) -> Interval:
    return added if sign > 0 else added.negated()


def _share(ratio: Interval, sign: int) -> Interval:
    change = Interval(value=ratio.value - 1, low=ratio.low - 1, high=ratio.high - 1)
    return _signed(change, sign)


def _decide(row: Row, *, attacked: bool) -> tuple[Decision, str]:
    if not attacked:
        return "not measured", f"{row.factor} = {row.weak} was not attacked in this run."
    return _decide_control(row) if row.kind == "control" else _decide_optimisation(row)


def _decide_control(row: Row) -> tuple[Decision, str]:
    if row.stopped < row.attacks:
        return "review", f"{row.strong} lets {row.attacks - row.stopped} of {row.attacks} attacks through."
    if not row.opened:
        return "review", f"No attack tried here succeeds at {row.weak} that {row.strong} stops."
    dear = row.mix_share is not None and row.mix_share.low > DEAR_SHARE
    cost = "; it is dear, so look at its other strong levels" if dear else ""
    return "keep", f"With {row.weak} instead, {_named(row.opened)}{cost}."


def _decide_optimisation(row: Row) -> tuple[Decision, str]:
    gain = _gain(row.price_us)
    if row.opened:
        return "trap", f"{row.weak} {gain}, and {_named(row.opened)}."
    return "no trap seen", f"{row.weak} {gain}; no attack tried here succeeds with it."


def _gain(price: Interval | None) -> str:
    if price is None:
        return "was not priced"
    if not price.excludes(0):
        return "gains nothing that could be seen"
    return "saves CPU" if price.value < 0 else "costs CPU"


def _named(probes: list[str]) -> str:
    names = ", ".join(probe.replace("_", " ") for probe in probes)
    return f"{names} succeed" if len(probes) > 1 else f"{names} succeeds"
