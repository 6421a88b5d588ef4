"""What the provider must never forget, in a SQLite file of its own: a commit is on disk before it is answered."""

import json
import secrets
import sqlite3
import time
from pathlib import Path
from typing import Any, NamedTuple

from target_app.operator_error import OperatorError

SCHEMA = """
CREATE TABLE IF NOT EXISTS charges (
    id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, reference TEXT NOT NULL, amount INTEGER NOT NULL,
    status TEXT NOT NULL, refunded INTEGER NOT NULL DEFAULT 0, requests INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL, CHECK (refunded BETWEEN 0 AND amount)
);
CREATE INDEX IF NOT EXISTS ix_charges_reference ON charges (reference);
CREATE TABLE IF NOT EXISTS refunds (
    id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, charge TEXT NOT NULL REFERENCES charges (id), amount INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, body TEXT NOT NULL, due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, delivered INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS ix_events_due ON events (due_at) WHERE delivered = 0;
"""


class StoreError(OperatorError):
    """The provider's file cannot be used."""


class ConflictError(Exception):
    """The key was used for something else, or more would be refunded than was charged."""


class Charge(NamedTuple):
    """A charge, succeeded or declined."""

    id: str
    reference: str
    amount: int
    status: str


class Refund(NamedTuple):
    """A refund of a charge, or of a part of it."""

    id: str
    charge: str
    amount: int


class Event(NamedTuple):
    """An event that waits to be delivered."""

    number: int
    body: str
    attempts: int


CHARGE = "SELECT id, reference, amount, status FROM charges WHERE "


class Store:
    """Charges, refunds and the events that tell of them."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.executescript(SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"the provider's file {path} cannot be used: {error}") from None

    def charge(self, key: str, reference: str, amount: int, declined: bool, copies: tuple[float, ...]) -> Charge:
        """The charge of this key, made if it is new; `copies` are the delays in s of its event's deliveries.

        Raises ConflictError where the key stands for another amount or reference.
        """
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            known = self._connection.execute(CHARGE + "key = ?", (key,)).fetchone()
            if known is not None:
                self._connection.execute("UPDATE charges SET requests = requests + 1 WHERE key = ?", (key,))
                charge = Charge(*known)
                if (charge.reference, charge.amount) != (reference, amount):
                    raise ConflictError("the key stands for another charge")
                return charge
            charge = Charge(f"ch_{secrets.token_hex(12)}", reference, amount, "declined" if declined else "succeeded")
            self._connection.execute(
                "INSERT INTO charges (id, key, reference, amount, status, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                (charge.id, key, reference, amount, charge.status, int(time.time())),
            )
            self._tell(f"charge.{charge.status}", charge._asdict(), copies)
            return charge

    def by_reference(self, reference: str) -> list[Charge]:
        """All charges of a reference."""
        rows = self._connection.execute(CHARGE + "reference = ? ORDER BY rowid", (reference,))
        return [Charge(*row) for row in rows]

    def refund(self, key: str, charge: str, amount: int, copies: tuple[float, ...]) -> Refund | None:
        """The refund of this key, made if it is new; None where there is no such charge.

        Raises ConflictError where the key stands for another refund, or more would be refunded than was charged.
        """
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            known = self._connection.execute("SELECT id, charge, amount FROM refunds WHERE key = ?", (key,)).fetchone()
            if known is not None:
                if known[1:] != (charge, amount):
                    raise ConflictError("the key stands for another refund")
                return Refund(*known)
            if self._connection.execute(CHARGE + "id = ?", (charge,)).fetchone() is None:
                return None
            covered = self._connection.execute(
                "UPDATE charges SET refunded = refunded + ? "
                "WHERE id = ? AND status = 'succeeded' AND refunded + ? <= amount",
                (amount, charge, amount),
            )
            if not covered.rowcount:
                raise ConflictError("more would be refunded than was charged")
            refund = Refund(f"re_{secrets.token_hex(12)}", charge, amount)
            self._connection.execute("INSERT INTO refunds (id, key, charge, amount) VALUES (?, ?, ?, ?)",
                                     (refund.id, key, charge, amount))  # fmt: skip
            reference = self._connection.execute(CHARGE + "id = ?", (charge,)).fetchone()[1]
            self._tell("charge.refunded", {**refund._asdict(), "reference": reference}, copies)
            return refund

    def due(self, now: float, limit: int) -> list[Event]:
        """Events whose delivery is due."""
        rows = self._connection.execute(
            "SELECT number, body, attempts FROM events WHERE delivered = 0 AND due_at <= ? ORDER BY due_at LIMIT ?",
            (now, limit),
        )
        return [Event(*row) for row in rows]

    def delivered(self, number: int) -> None:
        """This one need not be sent again."""
        self._connection.execute("UPDATE events SET delivered = 1 WHERE number = ?", (number,))

    def postpone(self, number: int, due_at: float) -> None:
        """Try this one again later."""
        self._connection.execute(
            "UPDATE events SET attempts = attempts + 1, due_at = ? WHERE number = ?", (due_at, number)
        )

    def counts(self) -> dict[str, int]:
        """How much of everything there is; `repeated` counts requests beyond the first of their key."""
        (charges, succeeded, repeated) = self._connection.execute(
            "SELECT COUNT(*), COALESCE(SUM(status = 'succeeded'), 0), COALESCE(SUM(requests - 1), 0) FROM charges"
        ).fetchone()
        (refunds,) = self._connection.execute("SELECT COUNT(*) FROM refunds").fetchone()
        (waiting,) = self._connection.execute("SELECT COUNT(*) FROM events WHERE delivered = 0").fetchone()
        return {
            "charges": charges,
            "succeeded": succeeded,
            "repeated": repeated,
            "refunds": refunds,
            "events_waiting": waiting,
        }

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _tell(self, kind: str, data: dict[str, Any], copies: tuple[float, ...]) -> None:
        identifier = f"ev_{secrets.token_hex(12)}"
        body = json.dumps({"id": identifier, "type": kind, "data": data}, separators=(",", ":"))
        now = time.time()
        self._connection.executemany(
            "INSERT INTO events (id, body, due_at) VALUES (?, ?, ?)",
            [(identifier, body, now + delay) for delay in copies],
        )
