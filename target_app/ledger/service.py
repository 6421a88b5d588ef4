from typing import Any

from target_app.articles.schemas import PageQuery
from target_app.database import Connection
from target_app.ledger.models import CLEARING, PLATFORM
from target_app.ledger.repository import Entry, LedgerRepository, Line, Place
from target_app.unit_of_work import UnitOfWork
from target_app.web.answers import moment

#: What the platform keeps of a sale, in percent, rounded down.
FEE_PERCENT = 10
#: Transactions may become visible in another order than that of their numbers: this many are looked at again.
OVERLAP = 1_000
#: How much a server that begins looks at: the whole of a large ledger would hold up its requests.
FIRST = 10_000
START = Place(0, 0)


class UncoveredError(Exception):
    """An author's balance does not cover what is to be taken from it."""


def split(amount: int) -> tuple[int, int]:
    """The author's share and the platform's fee."""
    fee = amount * FEE_PERCENT // 100
    return amount - fee, fee


class LedgerService:
    """Accounts of authors, and of the house."""

    def __init__(self, repository: LedgerRepository) -> None:
        self._repository = repository

    async def settle(self, connection: Connection, order: int, author: int, amount: int, now: int) -> None:
        """Write down a sale: what the provider took is owed to the author and, as its fee, to the platform."""
        share, fee = split(amount)
        await self._repository.credit(connection, author, share)
        await self._write(connection, order, "settlement", (author, share), (PLATFORM, fee), now)

    async def refund(self, connection: Connection, order: int, author: int, amount: int, now: int) -> None:
        """Take a sale back. Raises UncoveredError where the author has not enough left."""
        share, fee = split(amount)
        if not await self._repository.debit(connection, author, share):
            raise UncoveredError
        await self._write(connection, order, "refund", (author, -share), (PLATFORM, -fee), now)

    async def _write(
        self,
        connection: Connection,
        order: int,
        kind: str,
        author: tuple[int, int],
        platform: tuple[int, int],
        now: int,
    ) -> None:
        entries = [Entry(*author), Entry(*platform), Entry(CLEARING, -author[1] - platform[1])]
        if sum(entry.amount for entry in entries) != 0:
            raise ValueError("a transaction's entries must sum to zero")
        await self._repository.add(connection, order, kind, entries, now)

    async def balance(self, work: UnitOfWork, viewer: int) -> dict[str, Any]:
        """What the platform owes the viewer."""
        return {"amount": await self._repository.balance(await work.reading(), viewer)}

    async def entries(self, work: UnitOfWork, query: PageQuery, viewer: int) -> dict[str, Any]:
        """One page of the changes of the viewer's balance, the newest first."""
        statement = await self._repository.statement(await work.reading(), viewer, query.limit, query.offset)
        return {"entries": [line_shown(line) for line in statement.lines], "entriesCount": statement.total}

    async def check(self, work: UnitOfWork) -> dict[str, int]:
        """The whole ledger: how many transactions there are, and how often each invariant is broken."""
        connection = await work.reading()
        return {
            "transactions": await self._repository.transactions(connection),
            **await self._repository.violations(connection, START),
            "misstated": await self._repository.misstated(connection),
        }

    async def near_its_end(self, work: UnitOfWork) -> Place:
        """Where somebody who has not looked before begins."""
        return (await self._repository.newest(await work.reading())).before(FIRST)

    async def check_newest(self, work: UnitOfWork, after: Place) -> Place | None:
        """How far the ledger holds, looked at from `after` on; None where an invariant is broken."""
        connection = await work.reading()
        newest = await self._repository.newest(connection)
        found = await self._repository.violations(connection, after)
        return None if any(found.values()) else newest.before(OVERLAP)


def line_shown(line: Line) -> dict[str, Any]:
    """An entry as its account's owner sees it."""
    return {
        "id": line.transaction_id,
        "orderId": line.order_id,
        "slug": line.slug,
        "kind": line.kind,
        "amount": line.amount,
        "createdAt": moment(line.created_at),
    }
