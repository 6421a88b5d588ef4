"""The A/A check: the twin is an identical build, priced like any other arm. Its difference must be zero."""

from __future__ import annotations

from dataclasses import dataclass

from tradeoff.judge.summary import BlockJudged, Interval, Summary
from tradeoff.report import units
from tradeoff.report.axis import around_zero
from tradeoff.report.whisker import AxisLabel, Whisker, percent_labels, whisker
from tradeoff.report.words import listed, plain


@dataclass(frozen=True)
class TwinRow:
    """A reading of the twin: over the mix or on a journey."""

    label: str
    text: str
    whisker: Whisker


@dataclass(frozen=True)
class TwinCheck:
    """The picture; it has no rows where no twin was measured."""

    title: str
    note: str
    rows: list[TwinRow]
    axis: list[AxisLabel]
    zero: float


def added_share(ratio: Interval) -> Interval:
    """Arm / reference as a share added to the reference."""
    return Interval(value=ratio.value - 1, low=ratio.low - 1, high=ratio.high - 1)


def twin_share(block: BlockJudged) -> Interval | None:
    """What the twin's CPU over the mix differs by, as a share of the reference's; None where it was not measured."""
    if block.twin is None or block.twin.ratio is None:
        return None
    return added_share(block.twin.ratio)


def twin_sentence(block: BlockJudged) -> str:
    """The check's outcome in one sentence."""
    share = twin_share(block)
    if share is None:
        reason = block.twin.void if block.twin is not None and block.twin.void else "no twin was measured"
        return f"not made ({reason})."
    reading = f"the twin, an identical build, reads {units.percent_interval(share)}"
    return f"{reading}, which excludes 0." if share.excludes(0) else f"{reading}: no difference, as it must be."


def noise_band(summary: Summary) -> Interval | None:
    """The widest of the twins' intervals: what a difference of nothing looks like in this run."""
    shares = [share for block in summary.blocks if (share := twin_share(block)) is not None]
    return max(shares, key=lambda share: share.half_width, default=None)


def twin_check(summary: Summary) -> TwinCheck:
    """The picture of what the twins read."""
    readings = [reading for block in summary.blocks for reading in _readings(block)]
    scale = around_zero([share for _, share in readings])
    return TwinCheck(
        title=_title(summary.blocks),
        note="The twin is the reference once more, started, loaded and priced like any other arm. Its CPU against the "
        "reference's, with 95 % intervals; of twenty such intervals one is expected to miss 0 by chance.",
        rows=[
            TwinRow(
                label,
                units.percent_interval(share),
                whisker(share, scale, "alarm" if share.excludes(0) else "noise"),
            )
            for label, share in readings
        ],
        axis=percent_labels(scale.ticks()),
        zero=scale.at(0),
    )


def _readings(block: BlockJudged) -> list[tuple[str, Interval]]:
    share = twin_share(block)
    if block.twin is None or share is None:
        return []
    journeys = [(plain(name), added_share(price.ratio)) for name, price in block.twin.journeys.items()]
    return [(f"block {block.name}, over your mix", share), *journeys]


def _title(blocks: list[BlockJudged]) -> str:
    shares = {block.name: share for block in blocks if (share := twin_share(block)) is not None}
    if not shares:
        return "No identical build was measured beside the others"
    alarms = [name for name, share in shares.items() if share.excludes(0)]
    if alarms:
        return f"An identical build reads as different in {listed(alarms)}: take the prices there with care"
    widest = max(share.half_width for share in shares.values())
    return f"An identical build reads as no different, to within ±{units.percent(widest)}"
