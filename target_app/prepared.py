"""Statements that are written once and executed often.

SQLAlchemy compiles a statement once too, but then spends 30 µs an execution on finding the compiled form and on
wrapping the driver's cursor, and 100 µs on an INSERT: more than SQLite needs for most statements here. A `Prepared`
statement keeps SQL text and the order of its parameters, so that the in-line connection can hand both to the driver. On
PostgreSQL, where a round trip costs more than that, SQLAlchemy executes it as any other.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Select, TextClause, UpdateBase
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

#: A question, a change, or a change that SQLAlchemy has no words for on both databases (`ON CONFLICT`).
Statement = Select[*tuple[Any, ...]] | UpdateBase | TextClause


class SqliteText(NamedTuple):
    """SQL for SQLite's driver, the names of its parameters by position, and the values that the statement brings."""

    sql: str
    names: tuple[str, ...]
    values: Mapping[str, Any]

    def arguments(self, given: Mapping[str, Any]) -> list[Any]:
        """The parameters by position. Raises KeyError where one is missing."""
        own = self.values
        return [given[name] if name in given else own[name] for name in self.names]


class Prepared:
    """A statement whose values need no conversion: integers, text, and booleans that a reader takes for truth values.

    A broken constraint is the driver's error on SQLite: whoever expects one says `ON CONFLICT`.
    """

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.sqlite = sqlite_text(statement)


def sqlite_text(statement: Statement) -> SqliteText:
    """The statement as SQLite's driver takes it. Raises TypeError where its text depends on its parameters."""
    compiled: Any = statement.compile(dialect=sqlite_dialect(paramstyle="qmark"))
    if any(parameter.expanding for parameter in compiled.binds.values()):
        raise TypeError("a statement with a list of values has no one text")
    required = {name for name, parameter in compiled.binds.items() if parameter.required}
    own = {name: value for name, value in compiled.params.items() if name not in required}
    return SqliteText(str(compiled), tuple(compiled.positiontup), own)
