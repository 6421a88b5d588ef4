"""The metadata that every table registers with, and the column types that differ between the two databases."""

import time

from sqlalchemy import BigInteger, Integer, MetaData

#: Named constraints: a migration can drop what it can name.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: SQLite numbers rows by itself only for a column declared INTEGER.
Identifier = BigInteger().with_variant(Integer, "sqlite")

#: The largest integer that both databases can store.
LARGEST_INTEGER = 2**63 - 1


def now_ms() -> int:
    """The present moment as it is stored: milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000
