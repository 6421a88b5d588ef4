"""The price list: what each factor adds to the reference's CPU over the mix, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

from tradeoff.judge.summary import Interval, Row, Summary
from tradeoff.report import units
from tradeoff.report.axis import Scale, around_zero
from tradeoff.report.trust import noise_band
from tradeoff.report.whisker import AxisLabel, Whisker, cost_tone, percent_labels, whisker
from tradeoff.report.words import Price, counted, listed, mix_price, ordered, request_price, row_label

NOTABLE = 0.01
"""A control that surely costs more than this share of the CPU over the mix is named in the title."""
NAMED_AT_MOST = 3


@dataclass(frozen=True)
class PricedRow:
    """A line of the picture."""

    label: str
    against: str
    kind: str
    whisker: Whisker
    mix: Price
    request: Price


@dataclass(frozen=True)
class PriceList:
    """The picture: `zero` and `noise` are places in percent of the plot's width."""

    title: str
    note: str
    rows: list[PricedRow]
    unpriced: list[str]
    axis: list[AxisLabel]
    zero: float
    noise: Whisker | None


def price_list(summary: Summary) -> PriceList:
    """The picture of a summary's rows; it has no rows where nothing was priced."""
    priced = [(row, row.mix_share) for row in ordered(summary.rows) if row.mix_share is not None]
    shares = [share for _, share in priced]
    band = noise_band(summary)
    scale = around_zero(shares + ([band] if band and shares else []))
    return PriceList(
        title=_title([row for row, _ in priced]),
        note=_note(summary, scale, band),
        rows=[_row(row, share, scale) for row, share in priced],
        unpriced=[row_label(row) for row in ordered(summary.rows) if row.mix_share is None],
        axis=percent_labels(scale.ticks()),
        zero=scale.at(0),
        noise=whisker(band, scale, "noise") if band else None,
    )


def _row(row: Row, share: Interval, scale: Scale) -> PricedRow:
    other, chosen = (row.weak, row.strong) if row.kind == "control" else (row.strong, row.weak)
    return PricedRow(
        label=row_label(row),
        against=f"{chosen} instead of {other}" if row.kind == "control" else f"instead of {other}",
        kind=row.kind,
        whisker=whisker(share, scale, cost_tone(share)),
        mix=mix_price(row),
        request=request_price(row),
    )


def _title(rows: list[Row]) -> str:
    controls = [row for row in rows if row.kind == "control"]
    if not controls:
        return "No control was priced" if not rows else "What each optimisation adds to the CPU"
    dear = [row.factor for row in controls if row.mix_share is not None and row.mix_share.low > NOTABLE]
    limit = f"more than {units.percent(NOTABLE)} of CPU over your mix"
    if not dear:
        return f"No control surely costs {limit}"
    names = listed(dear) if len(dear) <= NAMED_AT_MOST else counted(len(dear), "control")
    some = "Only " if len(dear) < len(controls) else ""
    return f"{some}{names} surely {'costs' if len(dear) == 1 else 'cost'} {limit}"


def _note(summary: Summary, scale: Scale, band: Interval | None) -> str:
    epochs = sorted({price.epochs for price in summary.prices if price.void is None})
    said = "CPU added over your mix, as a share of the reference's, with 95 % intervals"
    if epochs:
        said += f" over {listed([str(number) for number in epochs])} epochs of fresh processes"
    if scale.threshold is not None:
        said += f"; the scale is linear within ±{units.percent(scale.threshold)} and logarithmic beyond"
    if band is not None:
        said += "; the band is what an identical build read"
    return f"{said}."
