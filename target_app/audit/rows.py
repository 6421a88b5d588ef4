"""What the audit log holds, and what is said of it."""

import json
from typing import Any, NamedTuple

from target_app.web.answers import moment


class AuditRow(NamedTuple):
    """One act."""

    number: int
    at: int
    #: `user:ID`, or `operator` for a command on the server.
    actor: str
    action: str
    #: `user:ID`, `article:ID`, `comment:ID` or `report:ID`.
    object: str
    #: Canonical JSON.
    details: str
    previous_hash: str
    hash: str


class Head(NamedTuple):
    """The last row's number and hash, and what proves them."""

    number: int
    hash: str
    mac: str


class Anchor(NamedTuple):
    """A head that somebody wrote down elsewhere: the log must still contain it."""

    number: int
    hash: str


class Verdict(NamedTuple):
    """Whether the chain holds, and if not, at which number it breaks and why."""

    rows: int
    #: The hash of the last row that is in order.
    hash: str
    broken_at: int | None = None
    reason: str | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return self.broken_at is None


def canonical(value: Any) -> str:
    """JSON in one way only, names in order, in one line of printable ASCII.

    Nothing in it can look like another row of a log, turn the direction of writing or act on a terminal.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("\x7f", "\\u007f")


def entry_shown(row: AuditRow) -> dict[str, Any]:
    """A row as administrators see it."""
    return {
        "number": row.number,
        "at": moment(row.at),
        "actor": row.actor,
        "action": row.action,
        "object": row.object,
        "details": json.loads(row.details),
        "previousHash": row.previous_hash,
        "hash": row.hash,
    }


def verdict_shown(verdict: Verdict) -> dict[str, Any]:
    """A verdict as administrators see it."""
    return {
        "holds": verdict.holds,
        "rows": verdict.rows,
        "hash": verdict.hash,
        "brokenAt": verdict.broken_at,
        "reason": verdict.reason,
    }
