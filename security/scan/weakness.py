"""Classes of weakness: the words in which findings of different scanners are the same finding."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("weaknesses.toml")
#: bandit's tests and ruff's S rules share their numbers.
NUMBER = re.compile(r"[BS](\d{3})")


@dataclass(frozen=True)
class Weakness:
    """A class of weakness with its ids: CWE (the first is its own), ASVS 5.0, OWASP API Security Top 10 2023."""

    name: str
    title: str
    cwe: tuple[str, ...]
    asvs: tuple[str, ...]
    owasp: tuple[str, ...]
    bandit: tuple[str, ...]
    #: Says that something is used, not that it is wrong.
    notice: bool = False


@cache
def weaknesses() -> dict[str, Weakness]:
    """All classes by name; KeyError or TypeError where a row of the table is wrong."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {name: _weakness(name, row) for name, row in rows.items()}


def _weakness(name: str, row: dict[str, object]) -> Weakness:
    lists = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Weakness(name=name, **lists)  # type: ignore[arg-type]  # a wrong row is a TypeError, as said


def class_of_number(rule: str) -> str | None:
    """The class that a rule of bandit or ruff looks for; None where the table names none."""
    found = NUMBER.fullmatch(rule)
    return _numbers().get(found[1]) if found else None


@cache
def _numbers() -> dict[str, str]:
    return {number: one.name for one in weaknesses().values() for number in one.bandit}
