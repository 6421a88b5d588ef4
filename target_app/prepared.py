"""Statements that are written once and executed often.

SQLAlchemy compiles a statement once too, but then spends 30 µs an execution on finding the compiled form and on
wrapping the driver's cursor, 100 µs on an INSERT, and on PostgreSQL 100 µs more on its bridge from synchronous code to
an asynchronous driver: more than most statements here cost. A `Prepared` statement keeps SQL text and the order of its
parameters for each database, so that a connection can hand both to the driver.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Dialect, Select, TextClause, UpdateBase
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

#: A question, a change, or a change that SQLAlchemy has no words for on both databases (`ON CONFLICT`).
Statement = Select[*tuple[Any, ...]] | UpdateBase | TextClause


class DriverText(NamedTuple):
    """SQL for a driver, the names of its parameters by position, and the values that the statement brings."""

    sql: str
    names: tuple[str, ...]
    values: Mapping[str, Any]

    def arguments(self, given: Mapping[str, Any]) -> list[Any]:
        """The parameters by position. Raises KeyError where one is missing."""
        own = self.values
        return [given[name] if name in given else own[name] for name in self.names]


class Prepared:
    """A statement whose values need no conversion: integers, text, booleans that a reader takes for truth values."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.sqlite = driver_text(statement, sqlite_dialect(paramstyle="qmark"))

    @cached_property
    def postgres(self) -> DriverText:
        """As asyncpg takes it; made at the first use, for most servers run on one database alone."""
        from sqlalchemy.dialects.postgresql.asyncpg import dialect

        return driver_text(self.statement, dialect())  # type: ignore[no-untyped-call]  # it ships no types for this one


def driver_text(statement: Statement, dialect: Dialect) -> DriverText:
    """The statement as a driver takes it. Raises TypeError where its text depends on its parameters."""
    compiled: Any = statement.compile(dialect=dialect)
    if any(parameter.expanding for parameter in compiled.binds.values()):
        raise TypeError("a statement with a list of values has no one text")
    required = {name for name, parameter in compiled.binds.items() if parameter.required}
    own = {name: value for name, value in compiled.params.items() if name not in required}
    return DriverText(str(compiled), tuple(compiled.positiontup), own)
