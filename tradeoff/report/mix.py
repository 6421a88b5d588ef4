"""The mix editor: prices by journey, from which the page computes each factor's price over the reader's own mix."""

from __future__ import annotations

from dataclasses import dataclass

from tradeoff.judge.summary import ArmPrice, Interval, JourneyPrice, Row, Summary
from tradeoff.report import units
from tradeoff.report.words import Price, mix_price, ordered, plain, row_label


@dataclass(frozen=True)
class MixJourney:
    """A field of the editor: `weight` is the journey's share in the declared mix, in percent."""

    name: str
    label: str
    weight: str


@dataclass(frozen=True)
class MixRow:
    """A factor: its price on each journey, in the editor's order, and over the declared mix."""

    label: str
    kind: str
    journeys: list[Price]
    mix: Price


@dataclass(frozen=True)
class MixEditor:
    """The editor; it has no rows where nothing was priced. `data` is what the script reads."""

    journeys: list[MixJourney]
    rows: list[MixRow]
    data: dict[str, object]


def mix_editor(summary: Summary) -> MixEditor:
    """The editor over all rows that were priced on every journey of the mix."""
    names = list(summary.mix)
    found = [
        (row, price)
        for row in ordered(summary.rows)
        if (price := price_of(row, summary.prices)) is not None and set(names) <= set(price.journeys)
    ]
    return MixEditor(
        journeys=[MixJourney(name, plain(name), f"{share * 100:.4g}") for name, share in summary.mix.items()],
        rows=[_row(row, price, names) for row, price in found],
        data={
            "mix": [summary.mix[name] for name in names],
            "rows": [[_numbers(row, price.journeys[name]) for name in names] for row, price in found],
        },
    )


def price_of(row: Row, prices: list[ArmPrice]) -> ArmPrice | None:
    """The arm that differs from the reference in the row's factor alone."""
    changed = {row.factor: row.weak}
    return next((price for price in prices if price.void is None and price.changed == changed), None)


def added_by(row: Row, price: JourneyPrice) -> Interval:
    """What the factor adds on a journey, µs a request: a control by being strong, an optimisation by being on."""
    return price.added_us.negated() if row.kind == "control" else price.added_us


def _row(row: Row, price: ArmPrice, names: list[str]) -> MixRow:
    journeys = [_figure(added_by(row, price.journeys[name])) for name in names]
    return MixRow(row_label(row), row.kind, journeys, mix_price(row))


def _figure(us: Interval) -> Price:
    return Price(units.duration_figure(us), units.duration_bounds(us), certain=us.excludes(0))


def _numbers(row: Row, price: JourneyPrice) -> list[float]:
    """Added CPU, half-width and the reference's CPU, µs a request."""
    added = added_by(row, price)
    return [round(number, 4) for number in (added.value, added.half_width, price.reference_us)]
