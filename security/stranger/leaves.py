"""The values in JSON answers, with the place where each stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from security.stranger.operation import words_of

MAX_LEAVES = 20_000
NUMERIC = re.compile(r"-?\d{1,15}(\.\d{1,6})?")


@dataclass(frozen=True)
class Leaf:
    """A scalar: its JSON pointer, the key it stands under, and the value."""

    pointer: str
    key: str
    value: Any

    @property
    def words(self) -> str:
        """The key in words."""
        return words_of(self.key)


def leaves(value: Any, pointer: str = "", key: str = "") -> Iterator[Leaf]:
    """All scalars of a JSON value, at most `MAX_LEAVES`; those of a list stand under the list's key."""
    waiting: list[tuple[Any, str, str]] = [(value, pointer, key)]
    given = 0
    while waiting and given < MAX_LEAVES:
        one, place, name = waiting.pop()
        if isinstance(one, dict):
            waiting.extend(
                (item, f"{place}/{_escaped(str(inner))}", str(inner)) for inner, item in reversed(one.items())
            )
        elif isinstance(one, list):
            waiting.extend((item, f"{place}/{at}", name) for at, item in reversed(list(enumerate(one))))
        else:
            given += 1
            yield Leaf(place, name, one)


def number(value: object) -> float | None:
    """A number, also where it is written as text (`"10.00"`); a switch is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value) if not isinstance(value, str) or NUMERIC.fullmatch(value) else None
    except (ValueError, OverflowError):
        return None


def objects(value: Any, pointer: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """All objects of a JSON value with their pointers, outer ones first."""
    if isinstance(value, dict):
        yield pointer, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from objects(one, f"{pointer}/{_escaped(str(key))}")


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
