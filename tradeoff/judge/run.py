"""A run, judged from its events alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tradeoff.judge.attacks import judge_attacks, surprises
from tradeoff.judge.dominations import find_dominations
from tradeoff.judge.openings import find_openings, judge_under, surprises_under, undecided_under
from tradeoff.judge.prices import judge_block
from tradeoff.judge.recorded import Recorded, recorded_blocks
from tradeoff.judge.rows import table_rows
from tradeoff.judge.screening import judge_screening
from tradeoff.judge.summary import (
    ArmPrice,
    AttackedArm,
    BlockJudged,
    FrontierPoint,
    Interval,
    Omission,
    ScanJudged,
    Summary,
    Verdict,
)
from tradeoff.judge.waf import waf_points
from tradeoff.plan.plan import REFERENCE_PROFILE
from tradeoff.record.events import AnyEvent, NotMeasured, RunEnded, RunStarted, Scanned
from tradeoff.target.errors import TradeoffError


def judge_run(events: Iterable[AnyEvent]) -> Summary:
    """Everything that a run showed.

    Raises:
        TradeoffError: the events do not begin with a run's start.
    """
    recorded = list(events)
    if not recorded or not isinstance(recorded[0], RunStarted):
        raise TradeoffError("the run folder holds no start of a run: nothing was recorded in it")
    start = recorded[0]
    plan, catalog = start.plan, start.catalog
    windows = recorded_blocks(recorded)
    total = sum(start.mix.values())
    mix = {journey: weight / total for journey, weight in start.mix.items()}
    blocks: list[BlockJudged] = []
    prices: list[ArmPrice] = []
    screening = [(block, windows.get(block.name, Recorded())) for block in plan.blocks if block.screening]
    left_out: list[Omission] = []
    if screening:
        blocks, prices, left_out = judge_screening(screening, mix, catalog)
    for block in plan.blocks:
        if not block.screening:
            judged, priced = judge_block(block, windows.get(block.name, Recorded()), mix, catalog)
            blocks.append(judged)
            prices.extend(priced)
    attacked = judge_attacks(recorded, plan.attacks, catalog)
    under = judge_under(recorded, plan.under, catalog)
    scan = _scan(recorded)
    ended = recorded[-1] if isinstance(recorded[-1], RunEnded) else None
    complete = ended is not None and ended.status == "complete"
    omissions = left_out + _omissions(recorded, prices, attacked, scan_planned=plan.scan, scan=scan)
    broken = [sentence for arm in attacked for sentence in surprises(arm, catalog)]
    broken += surprises_under(under, plan.under, catalog) + _scan_failures(scan)
    verdict, reasons = _verdict(broken, omissions, blocks, complete=complete)
    return Summary(
        run=start.run,
        plan=plan.name,
        target=start.target,
        started=start.at,
        ended=ended.at if ended else None,
        seconds=(recorded[-1].at - start.at).total_seconds(),
        estimate_s=start.estimate_s,
        complete=complete,
        environment=start.environment,
        mix=mix,
        articles=plan.articles,
        blocks=blocks,
        prices=prices,
        rows=table_rows(catalog, prices, attacked),
        attacked=attacked,
        under=under,
        openings=find_openings(under, attacked, plan.articles),
        dominations=find_dominations(catalog, REFERENCE_PROFILE, prices, attacked),
        waf=waf_points(recorded, plan.scores, prices),
        frontier=_frontier(blocks, prices, attacked),
        scan=scan,
        not_measured=omissions + undecided_under(under),
        verdict=verdict,
        verdict_reasons=reasons,
    )


def _scan(events: Iterable[AnyEvent]) -> ScanJudged | None:
    results = [event.result for event in events if isinstance(event, Scanned)]
    if not results:
        return None
    last = results[-1]
    return ScanJudged.model_validate({name: last.get(name, []) for name in ScanJudged.model_fields})


def _scan_failures(scan: ScanJudged | None) -> list[str]:
    if scan is None:
        return []
    skipped = [
        f"{scanner['name']} skipped {_words(scanner['skipped'])}" for scanner in scan.scanners if scanner.get("skipped")
    ]
    unexpected = [
        f"{one.get('scanner')} {one.get('rule')} in {one.get('path')}:{one.get('line')} is declared by no level"
        for one in scan.unexpected
    ]
    missing = [f"{one.get('rule')} in {one.get('path')} is declared, but not reported" for one in scan.missing]
    return skipped + unexpected + missing


def _words(skipped: object) -> str:
    return f"{len(skipped)} files" if isinstance(skipped, list) else f"{skipped} files"


def _omissions(
    events: Iterable[AnyEvent],
    prices: Iterable[ArmPrice],
    attacked: Iterable[AttackedArm],
    *,
    scan_planned: bool,
    scan: ScanJudged | None,
) -> list[Omission]:
    found = [Omission(subject=e.subject, reason=e.reason) for e in events if isinstance(e, NotMeasured)]
    found += [Omission(subject=f"price of {price.arm}", reason=price.void) for price in prices if price.void]
    found += [
        Omission(subject=f"{outcome.probe} on {arm.arm}", reason=outcome.evidence)
        for arm in attacked
        for outcome in arm.outcomes
        if outcome.result == "could_not_run"
    ]
    found += [Omission(subject="dependencies", reason=one) for one in (scan.not_looked_up if scan else ())]
    found += [
        Omission(subject=f"static scan by {one.get('name')}", reason="no file was there to scan")
        for one in (scan.scanners if scan else [])
        if not one.get("files")
    ]
    if scan_planned and scan is None:
        found.append(Omission(subject="static scan", reason="the run ended before it"))
    return found


def _verdict(
    broken: list[str], omissions: list[Omission], blocks: list[BlockJudged], *, complete: bool
) -> tuple[Verdict, list[str]]:
    if broken:
        return "fail", broken
    if not complete:
        return "invalid", ["the run did not come to its end: `tradeoff resume` finishes it"]
    if blocks and all(block.void for block in blocks):
        return "invalid", [f"block {block.name}: {block.void}" for block in blocks]
    if omissions:
        return "inconclusive", [f"{one.subject}: {one.reason}" for one in omissions]
    return "pass", ["every attack and every static finding came out as declared"]


def _frontier(
    blocks: Iterable[BlockJudged], prices: Iterable[ArmPrice], attacked: Iterable[AttackedArm]
) -> list[FrontierPoint]:
    attacked_by_arm: Mapping[str, AttackedArm] = {arm.arm: arm for arm in attacked}
    points = [
        FrontierPoint(
            arm=price.arm,
            changed=price.changed,
            cpu_us=_scaled(price.ratio, price.reference_us),
            stopped=attacked_by_arm[price.arm].stopped,
            tried=attacked_by_arm[price.arm].tried,
        )
        for price in prices
        if price.arm in attacked_by_arm and price.ratio and price.reference_us
    ]
    for block in blocks:
        arm = attacked_by_arm.get(block.reference)
        if arm and block.twin and block.twin.reference_us:
            exact = Interval(value=block.twin.reference_us, low=block.twin.reference_us, high=block.twin.reference_us)
            points.insert(0, FrontierPoint(arm=arm.arm, changed={}, cpu_us=exact, stopped=arm.stopped, tried=arm.tried))
            break
    return points


def _scaled(ratio: Interval, reference_us: float) -> Interval:
    return Interval(value=ratio.value * reference_us, low=ratio.low * reference_us, high=ratio.high * reference_us)
