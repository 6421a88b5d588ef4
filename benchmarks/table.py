"""The one table that `make bench` prints: the levels of each factor one below the other, weak to strong."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from target_app.treatment import FACTORS

#: The group of benchmarks that stand beside the factors, and the one in it whose time is the unit.
MEASURES: Final = "measure"
UNIT: Final = "bare json answer"

HEADINGS: Final = ("factor", "call", "level", "CPU µs", "IQR", "units", "SQL", "rounds")
RIGHT_FROM: Final = HEADINGS.index("CPU µs")


class Figure(NamedTuple):
    """One benchmark's result; times in CPU seconds a call, `statements` None where SQL was not counted."""

    group: str
    call: str
    level: str
    median: float
    iqr: float
    rounds: int
    statements: int | None


def figure(statistics: Mapping[str, Any]) -> Figure:
    """A result of pytest-benchmark in this table's words: `test_a_call[factor=level]` is a call of a level."""
    call, _, identity = statistics["name"].removeprefix("test_").rstrip("]").partition("[")
    return Figure(
        group=statistics["group"] or "",
        call=call.replace("_", " "),
        level=identity.partition("=")[2] or identity,
        median=statistics["median"],
        iqr=statistics["iqr"],
        rounds=statistics["rounds"],
        statements=statistics["extra_info"].get("statements"),
    )


def in_order(figures: Iterable[Figure]) -> list[Figure]:
    """By factor in the order in which they are declared; calls and levels stay in the order in which they ran."""
    places = {factor.name: place for place, factor in enumerate(FACTORS)}
    return sorted(figures, key=lambda found: places.get(found.group, -1))


def table(figures: Sequence[Figure]) -> list[str]:
    """The lines of the table. A cell that repeats the one above it is left empty."""
    ordered = in_order(figures)
    unit = next((found.median for found in ordered if found.call == UNIT), None)
    rows = [HEADINGS, *(cells(found, before, unit) for before, found in zip([None, *ordered], ordered, strict=False))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [aligned(row, widths) for row in rows]
    return [line for row, line in zip(rows, lines, strict=True) for line in ([""] if row[0] else []) + [line]]


def cells(found: Figure, before: Figure | None, unit: float | None) -> tuple[str, ...]:
    """One row as text."""
    same_group = before is not None and before.group == found.group
    same_call = same_group and before is not None and before.call == found.call
    return (
        "" if same_group else found.group,
        "" if same_call else found.call,
        found.level,
        three_digits(found.median * 1e6),
        three_digits(found.iqr * 1e6),
        "" if unit is None else three_digits(found.median / unit),
        "" if found.statements is None else str(found.statements),
        f"{found.rounds:,}",
    )


def three_digits(value: float) -> str:
    """A number with three significant digits, and never fewer than stand before its point."""
    decimals = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{decimals}f}"


def aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    """Names to the left, numbers to the right."""
    padded = [
        cell.ljust(width) if column < RIGHT_FROM else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()
