from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    bindparam,
    exists,
    func,
    insert,
    not_,
    or_,
    select,
    text,
    update,
)

from target_app.database import Connection
from target_app.ledger.models import ledger_accounts, ledger_entries, ledger_transactions
from target_app.orders.models import orders
from target_app.prepared import Prepared

ADD_TRANSACTION = Prepared(
    insert(ledger_transactions)
    .values(order_id=bindparam("order"), kind=bindparam("kind"), created_at=bindparam("now"))
    .returning(ledger_transactions.c.id)
)
ENTRIES = 3
ADD_ENTRIES = Prepared(
    insert(ledger_entries).values(
        [
            {
                "transaction_id": bindparam("transaction"),
                "account_id": bindparam(f"account{number}"),
                "amount": bindparam(f"amount{number}"),
            }
            for number in range(ENTRIES)
        ]
    )
)
CREDIT = Prepared(
    text(
        "INSERT INTO ledger_accounts (id, balance) VALUES (:account, :amount) "
        "ON CONFLICT (id) DO UPDATE SET balance = ledger_accounts.balance + excluded.balance"
    ).bindparams(bindparam("account", type_=BigInteger), bindparam("amount", type_=BigInteger))
)
#: No row where the balance does not cover it.
DEBIT = Prepared(
    update(ledger_accounts)
    .where(ledger_accounts.c.id == bindparam("account"), ledger_accounts.c.balance >= bindparam("amount"))
    .values(balance=ledger_accounts.c.balance - bindparam("amount"))
)
BALANCE = Prepared(select(ledger_accounts.c.balance).where(ledger_accounts.c.id == bindparam("account")))
STATEMENT_LINES = ledger_entries.join(
    ledger_transactions, ledger_transactions.c.id == ledger_entries.c.transaction_id
).join(orders, orders.c.id == ledger_transactions.c.order_id)
LINES_COUNT = (
    select(func.count())
    .select_from(ledger_entries)
    .where(ledger_entries.c.account_id == bindparam("account"))
    .correlate(None)
)
LINES = Prepared(
    select(
        ledger_entries.c.transaction_id,
        ledger_transactions.c.order_id,
        orders.c.slug,
        ledger_transactions.c.kind,
        ledger_entries.c.amount,
        ledger_transactions.c.created_at,
        LINES_COUNT.scalar_subquery(),
    )
    .select_from(STATEMENT_LINES)
    .where(ledger_entries.c.account_id == bindparam("account"))
    .order_by(ledger_entries.c.transaction_id.desc())
    .limit(bindparam("limit", type_=BigInteger))
    .offset(bindparam("offset", type_=BigInteger))
)
COUNT = Prepared(LINES_COUNT)

TRANSACTIONS = Prepared(select(func.count()).select_from(ledger_transactions))
NEWEST = Prepared(
    select(
        select(func.max(ledger_transactions.c.id)).scalar_subquery(), select(func.max(orders.c.id)).scalar_subquery()
    )
)
NEW = ledger_transactions.c.id > bindparam("after_transaction")
UNEVEN = (
    select(ledger_transactions.c.id)
    .select_from(
        ledger_transactions.outerjoin(ledger_entries, ledger_entries.c.transaction_id == ledger_transactions.c.id)
    )
    .where(NEW)
    .group_by(ledger_transactions.c.id)
    .having(or_(func.count(ledger_entries.c.account_id) == 0, func.sum(ledger_entries.c.amount) != 0))
)
#: Transactions whose entries do not sum to zero, or that have none.
UNBALANCED = Prepared(select(func.count()).select_from(UNEVEN.subquery()))
#: Accounts that owe, though no author may.
NEGATIVE = Prepared(select(func.count()).select_from(ledger_accounts).where(ledger_accounts.c.balance < 0))
TWICE = (
    select(ledger_transactions.c.order_id)
    .where(NEW, ledger_transactions.c.kind == "settlement")
    .group_by(ledger_transactions.c.order_id)
    .having(func.count() > 1)
)
#: Orders that were settled more than once.
DOUBLY_SETTLED = Prepared(select(func.count()).select_from(TWICE.subquery()))


#: Accounts whose kept balance is not the sum of their entries.
MISSTATED = Prepared(
    select(func.count())
    .select_from(ledger_accounts)
    .where(
        ledger_accounts.c.balance
        != func.coalesce(
            select(func.sum(ledger_entries.c.amount))
            .where(ledger_entries.c.account_id == ledger_accounts.c.id)
            .scalar_subquery(),
            0,
        )
    )
)


def has(kind: str) -> ColumnElement[bool]:
    """Whether the order at hand has a transaction of that kind."""
    return exists().where(ledger_transactions.c.order_id == orders.c.id, ledger_transactions.c.kind == kind)


REFUNDED = and_(orders.c.amount > 0, or_(orders.c.status == "refunding", orders.c.status == "refunded"))
SETTLED = or_(REFUNDED, and_(orders.c.amount > 0, orders.c.status == "paid"))
#: Orders whose status and transactions contradict each other. Nothing is written for what cost nothing.
ORPHANS = Prepared(
    select(func.count())
    .select_from(orders)
    .where(
        orders.c.id > bindparam("after_order"),
        or_(
            and_(SETTLED, not_(has("settlement"))),
            and_(not_(SETTLED), has("settlement")),
            and_(REFUNDED, not_(has("refund"))),
            and_(not_(REFUNDED), has("refund")),
        ),
    )
)


class Entry(NamedTuple):
    """One side of a transaction."""

    account_id: int
    amount: int


class Line(NamedTuple):
    """An entry as it stands on an author's statement."""

    transaction_id: int
    order_id: int
    slug: str
    kind: str
    amount: int
    created_at: int


class Statement(NamedTuple):
    """Some lines, and how many there are in all."""

    lines: list[Line]
    total: int


class Place(NamedTuple):
    """How far the ledger has been checked: the newest transaction and the newest order then."""

    transaction: int
    order: int

    def before(self, by: int) -> "Place":
        """So many of each earlier."""
        return Place(max(self.transaction - by, 0), max(self.order - by, 0))


class LedgerRepository:
    """Statements about accounts and what moves between them."""

    async def add(self, connection: Connection, order: int, kind: str, entries: Sequence[Entry], now: int) -> None:
        """Write a transaction and its entries."""
        row = await connection.fetch_one(ADD_TRANSACTION, {"order": order, "kind": kind, "now": now})
        if row is None:
            raise LookupError("the database returned no id for a new transaction")
        values = {"transaction": row[0]}
        for number, (account, amount) in enumerate(entries):
            values |= {f"account{number}": account, f"amount{number}": amount}
        await connection.change(ADD_ENTRIES, values)

    async def credit(self, connection: Connection, account: int, amount: int) -> None:
        """Raise a balance; an author's first sale opens the account."""
        await connection.change(CREDIT, {"account": account, "amount": amount})

    async def debit(self, connection: Connection, account: int, amount: int) -> bool:
        """Lower a balance; False, and nothing done, where it does not cover the amount."""
        return await connection.change(DEBIT, {"account": account, "amount": amount}) == 1

    async def balance(self, connection: Connection, account: int) -> int:
        """The balance; 0 before the first sale."""
        row = await connection.fetch_one(BALANCE, {"account": account})
        return 0 if row is None else int(row[0])

    async def statement(self, connection: Connection, account: int, limit: int, offset: int) -> Statement:
        """An account's entries, the newest first."""
        rows = await connection.fetch_all(LINES, {"account": account, "limit": limit, "offset": offset})
        if not rows and offset:
            count = await connection.fetch_one(COUNT, {"account": account})
            return Statement([], 0 if count is None else count[0])
        return Statement([Line._make(row[:-1]) for row in rows], rows[0][-1] if rows else 0)

    async def newest(self, connection: Connection) -> Place:
        """The newest transaction and the newest order."""
        row = await connection.fetch_one(NEWEST)
        return Place(0, 0) if row is None else Place(row[0] or 0, row[1] or 0)

    async def violations(self, connection: Connection, after: Place) -> dict[str, int]:
        """How often each invariant is broken by what is newer than `after`.

        Each count is one statement and so sees one moment: traffic beside it raises no false alarm.
        """
        found = {}
        for name, statement in CHECKS.items():
            row = await connection.fetch_one(
                statement, {"after_transaction": after.transaction, "after_order": after.order}
            )
            found[name] = 0 if row is None else int(row[0])
        return found

    async def misstated(self, connection: Connection) -> int:
        """How many balances are not the sum of their entries; reads every entry."""
        row = await connection.fetch_one(MISSTATED)
        return 0 if row is None else int(row[0])

    async def transactions(self, connection: Connection) -> int:
        """How many transactions there are."""
        row = await connection.fetch_one(TRANSACTIONS)
        return 0 if row is None else int(row[0])


CHECKS = {
    "unbalanced": UNBALANCED,
    "negative": NEGATIVE,
    "doubly_settled": DOUBLY_SETTLED,
    "orphans": ORPHANS,
}
