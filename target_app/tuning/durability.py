"""Whether what was acknowledged is on disk."""

from typing import Protocol

from target_app.controls.model import Factor, Kit, Level


class Durability(Protocol):
    """Tells a database when to acknowledge."""

    def apply(self) -> None:
        """Before the first connection is used."""


class Full:
    """A commit is on disk before anybody hears of it."""

    def __init__(self, _kit: Kit) -> None:
        return None

    def apply(self) -> None:
        """As the database does by itself."""
        return


class Relaxed:
    """Writes are acknowledged at once and reach the disk in a moment, many in one go."""

    def __init__(self, kit: Kit) -> None:
        self._database = kit.database

    def apply(self) -> None:
        """On SQLite by a transaction that many requests share, on PostgreSQL by `synchronous_commit = off`."""
        self._database.acknowledge_early()


DURABILITY: Factor[Durability] = Factor(
    name="durability",
    kind="optimisation",
    threat="A payment that was acknowledged is gone when the process, or the database, is killed",
    owasp=(),
    asvs=("2.3.3",),
    cwe=("662",),
    cost_hypothesis="Saves a write's wait for the disk, about a millisecond; its CPU hardly changes",
    journeys=("author", "buyer"),
    levels=(
        Level("full", "plain", "on disk before it is acknowledged", Full),
        Level(
            "relaxed",
            "trap",
            "acknowledged before it is written (PostgreSQL: survives a killed worker, not a killed database)",
            Relaxed,
            trips=("acknowledged_lost",),
            workers=2,
        ),
    ),
)
