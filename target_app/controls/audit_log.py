"""What was done with privilege, written so that it cannot be unwritten.

One chain for the server: each row carries the hash of the one before it, and its own hash is keyed, so that who can
change the table cannot make the chain anew. The head, keyed too, says where it ends. The key stands in the key file.

What the chain cannot tell: that the whole database was set back to an earlier state. For that a head is written down
elsewhere from time to time, and shown to `verify` as an anchor.
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Protocol, get_args

from target_app.audit.repository import AuditRepository
from target_app.audit.rows import Anchor, AuditRow, Head, Verdict, canonical
from target_app.controls.model import Factor, Kit, Level
from target_app.schema import now_ms
from target_app.unit_of_work import UnitOfWork

Action = Literal[
    "role.changed",
    "account.suspended",
    "account.reinstated",
    "credentials.changed",
    "article.removed",
    "comment.removed",
    "report.resolved",
    "session.opened",
    "session.closed",
]
ACTIONS: tuple[Action, ...] = get_args(Action)
#: What the first row follows, and what a row follows that was written behind a head that was not genuine.
BEGINNING = "0" * 64
BROKEN = "f" * 64
#: Rows of one look: about a millisecond of hashing, then others are served.
PAGE = 200


class Actor(NamedTuple):
    """Who acts: a user, or whoever may run commands on the server."""

    id: int | None
    name: str

    def __str__(self) -> str:
        return "operator" if self.id is None else f"user:{self.id}"


OPERATOR = Actor(None, "operator")


class AuditLog(Protocol):
    """Remembers privileged acts."""

    async def record(
        self, work: UnitOfWork, actor: Actor, action: Action, subject: str, details: Mapping[str, Any]
    ) -> None:
        """Write one row in the transaction of the act; last in it, for it holds up all others that write rows."""

    async def page(self, work: UnitOfWork, before: int, limit: int) -> list[AuditRow]:
        """Rows with a lower number, the newest first."""

    async def verify(self, work: UnitOfWork, anchor: Anchor | None = None) -> Verdict:
        """Walk the whole log."""


class NoLog:
    """Nobody can tell afterwards who did what."""

    def __init__(self, _kit: Kit) -> None:
        return None

    async def record(
        self, _work: UnitOfWork, _actor: Actor, _action: Action, _subject: str, _details: Mapping[str, Any]
    ) -> None:
        """Nothing is written."""
        return

    async def page(self, _work: UnitOfWork, _before: int, _limit: int) -> list[AuditRow]:
        """Nothing was written."""
        return []

    async def verify(self, _work: UnitOfWork, _anchor: Anchor | None = None) -> Verdict:
        """Nothing is missing where nothing was."""
        return Verdict(0, BEGINNING)


#: A line of a text log: when, who, what, to what, and whatever else there is to tell.
LINE = re.compile(r"(\d+) (\S+) (\S+) (\S+) (.*)")


class TextFile:
    """Lines of text, as loggers write them: what is told stands in them as it came, and nothing ties one to another.

    They are written before the transaction ends, so that what is then undone stands there too.
    """

    def __init__(self, kit: Kit) -> None:
        self._path = kit.settings.audit_file
        self._counts = {action: kit.metrics.audited(action) for action in ACTIONS}

    async def record(
        self, work: UnitOfWork, actor: Actor, action: Action, subject: str, details: Mapping[str, Any]
    ) -> None:
        """One line, unless something that is told holds more."""
        told = ", ".join(f"{name}={value}" for name, value in {"actorName": actor.name, **details}.items())
        with self._path.open("a", encoding="utf-8") as file:  # as a logger's handler does it
            file.write(f"{now_ms()} {actor} {action} {subject} {told}\n")
        work.after_commit(self._counts[action])

    async def page(self, _work: UnitOfWork, before: int, limit: int) -> list[AuditRow]:
        """What looks like a line of the log is one."""
        rows = [row for row in self._rows() if row.number < before]
        return rows[::-1][:limit]

    async def verify(self, _work: UnitOfWork, _anchor: Anchor | None = None) -> Verdict:
        """What stands there is taken for what was written."""
        return Verdict(len(self._rows()), BEGINNING)

    def _rows(self) -> list[AuditRow]:
        text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
        found = [line for line in map(LINE.fullmatch, text.split("\n")) if line]
        return [
            AuditRow(number, int(line[1]), line[2], line[3], line[4], canonical({"told": line[5]}), "", "")
            for number, line in enumerate(found, 1)
        ]


class Chained:
    """HMAC-SHA-256 over each row and the hash before it."""

    def __init__(self, kit: Kit, repository: AuditRepository) -> None:
        self._repository = repository
        self._key = kit.keys.audit_key()
        self._counts = {action: kit.metrics.audited(action) for action in ACTIONS}

    async def record(
        self, work: UnitOfWork, actor: Actor, action: Action, subject: str, details: Mapping[str, Any]
    ) -> None:
        """Behind a head that is not genuine, a row is written too, but never linked: the break stays to be seen."""
        connection = await work.writing()
        head = await self._repository.lock(connection, self._head(0, BEGINNING))
        last = await self._repository.last(connection)
        sound = self._genuine(head) and last <= head.number
        told = canonical({**details, "actorName": actor.name})
        row = self._sealed(
            AuditRow(
                number=max(last, head.number) + 1,
                at=now_ms(),
                actor=str(actor),
                action=action,
                object=subject,
                details=told,
                previous_hash=head.hash if sound else BROKEN,
                hash="",
            )
        )
        await self._repository.add(connection, row, self._head(row.number, row.hash))
        work.after_commit(self._counts[action])

    async def page(self, work: UnitOfWork, before: int, limit: int) -> list[AuditRow]:
        """One statement."""
        return await self._repository.before(await work.reading(), before, limit)

    async def verify(self, work: UnitOfWork, anchor: Anchor | None = None) -> Verdict:
        """The head is read before each page: rows that are written meanwhile are walked too."""
        number, previous = 0, BEGINNING
        while True:
            connection = await work.reading()
            head = await self._repository.head(connection)
            rows = await self._repository.after(connection, number, PAGE)
            await work.release()
            if not rows:
                return self._judged(number, previous, head, anchor)
            for row in rows:
                fault = self._fault(row, number + 1, previous, anchor)
                if fault is not None:
                    return Verdict(number, previous, number + 1, fault)
                number, previous = row.number, row.hash
            await asyncio.sleep(0)

    def _fault(self, row: AuditRow, number: int, previous: str, anchor: Anchor | None) -> str | None:
        if row.number != number:
            return "the row is missing"
        if row.previous_hash != previous:
            return "the row does not follow the one before it"
        if not hmac.compare_digest(row.hash, self._sealed(row).hash):
            return "the row was changed"
        if anchor is not None and anchor.number == number and anchor.hash != row.hash:
            return "the row is not the one that was written down"
        return None

    def _judged(self, number: int, previous: str, head: Head | None, anchor: Anchor | None) -> Verdict:
        """The end of the walk: do the rows end where the head says?"""
        faults = {
            "the head is missing": head is None and number > 0,
            "the head was changed": head is not None and not self._genuine(head),
            "the row is missing": head is not None and head.number > number,
            "the row stands behind the head": head is not None and head.number < number,
            "the head is not the last row's": head is not None and head.number == number and head.hash != previous,
            "the row that was written down is missing": anchor is not None and anchor.number > number,
        }
        for reason, found in faults.items():
            if found:
                return Verdict(number, previous, number + 1, reason)
        return Verdict(number, previous)

    def _sealed(self, row: AuditRow) -> AuditRow:
        return row._replace(hash=self._mac("row", *row[:-1]))

    def _head(self, number: int, digest: str) -> Head:
        return Head(number, digest, self._mac("head", number, digest))

    def _genuine(self, head: Head) -> bool:
        return hmac.compare_digest(head.mac, self._mac("head", head.number, head.hash))

    def _mac(self, *parts: str | int) -> str:
        return hmac.new(self._key, canonical(parts).encode(), hashlib.sha256).hexdigest()


AUDIT_LOG: Factor[AuditLog] = Factor(
    name="audit_log",
    kind="control",
    threat="What was done with privilege cannot be told afterwards, or is told by whoever did it",
    owasp=(),
    asvs=("16.3.1", "16.4.1"),
    cwe=("778", "117"),
    cost_hypothesis="Four statements, about 400 µs, in the transaction of a privileged act; nothing in other requests",
    journeys=("moderator", "auditor"),
    levels=(
        Level("off", "weak", "nothing is written", NoLog, trips=("act_unrecorded",), bytes_differ=True),
        Level(
            "plain",
            "weak",
            "lines of a text file, with names as they came",
            TextFile,
            trips=("audit_line_forged", "audit_edited"),
            bytes_differ=True,
        ),
        Level(
            "chained",
            "strong",
            "rows that are escaped, chained by keyed hashes and written with the transaction",
            lambda kit: Chained(kit, AuditRepository()),
        ),
    ),
)
