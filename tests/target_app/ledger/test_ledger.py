import asyncio
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, update

from target_app.database import Connection, connect, sqlite_path
from target_app.ledger.repository import LedgerRepository
from target_app.ledger.service import LedgerService, split
from target_app.metrics import Metrics
from target_app.orders.models import orders
from target_app.unit_of_work import UnitOfWork
from tests.target_app.shop import PRICE, Shop

LEDGER = LedgerService(LedgerRepository())
AUTHORS = (1, 2)
#: A sale (author, amount) or a refund of one of the sales before it.
STEPS = st.lists(
    st.tuples(st.sampled_from(AUTHORS), st.integers(1, 10_000_000)) | st.integers(0, 30), min_size=1, max_size=30
)


@pytest.fixture(scope="module")
def books(empty: Path) -> Iterator[Path]:
    """A database with two authors."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "books.db"
        copyfile(empty, path)
        with closing(sqlite3.connect(path)) as connection:
            for user in AUTHORS:
                connection.execute(
                    "INSERT INTO users (id, username, email, password_hash, created_at, updated_at) "
                    "VALUES (?, ?, ?, '', 0, 0)",
                    (user, f"u{user}", f"u{user}"),
                )
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield path


async def kept(path: Path, steps: list[Any]) -> tuple[dict[str, int], dict[int, int], dict[int, int]]:
    """The invariants after all steps, the balances, and what they should be."""
    database = connect(f"sqlite:///{path}", Metrics())
    expected = dict.fromkeys(AUTHORS, 0)
    sales: list[tuple[int, int, int]] = []
    for number, step in enumerate(steps):
        work = UnitOfWork(database)
        connection = await work.writing()
        if isinstance(step, tuple):
            author, amount = step
            identifier = await made(connection, author, amount, number)
            await LEDGER.settle(connection, identifier, author, amount, 0)
            sales.append((identifier, author, amount))
            expected[author] += split(amount)[0]
        elif step < len(sales):
            identifier, author, amount = sales.pop(step)
            await LEDGER.refund(connection, identifier, author, amount, 0)
            await now_is(connection, identifier, "refunded")
            expected[author] -= split(amount)[0]
        await work.commit()
    work = UnitOfWork(database)
    found = await LEDGER.check(work)
    balances = {author: (await LEDGER.balance(work, author))["amount"] for author in AUTHORS}
    await work.rollback()
    await database.close()
    return found, balances, expected


async def made(connection: Connection, author: int, amount: int, number: int) -> int:
    """A paid order."""
    values = {"buyer_id": author, "author_id": author, "article_id": number, "slug": "s", "price": amount}
    values |= {"discount": 0, "amount": amount, "status": "paid", "idempotency_key": f"{number}", "request_digest": ""}
    values |= {"nonce": "", "lease_until": 0, "created_at": 0, "updated_at": 0}
    row = await connection.row(insert(orders).values(values).returning(orders.c.id))
    assert row is not None
    return int(row.id)


async def now_is(connection: Connection, identifier: int, status: str) -> None:
    await connection.run(update(orders).where(orders.c.id == identifier).values(status=status))


@given(STEPS)
@settings(max_examples=40, deadline=None)
def test_whatever_is_sold_and_refunded_the_books_agree(books: Path, steps: list[Any]) -> None:
    """Transactions sum to zero, none is double, and a balance is what was sold less what was refunded."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(copyfile(books, Path(folder) / "books.db"))
        found, balances, expected = asyncio.run(kept(path, steps))
    assert found == dict.fromkeys(found, 0) | {"transactions": found["transactions"]}
    assert balances == expected


@given(st.integers(0, 10_000_000))
def test_nothing_is_lost_in_the_split(amount: int) -> None:
    """Share and fee are whole, not negative, and make up the amount; the fee is a tenth, rounded down."""
    share, fee = split(amount)
    assert share + fee == amount
    assert (fee, share >= 0) == (amount // 10, True)


def broken(shop: Shop, statement: str) -> dict[str, int]:
    """What the check finds after somebody changed the tables by hand."""
    path = sqlite_path(shop.app.settings.database_url)
    assert path is not None
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA ignore_check_constraints=ON")
        connection.execute(statement)
        connection.commit()
    return {name: count for name, count in shop.check().items() if count and name != "transactions"}


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE ledger_entries SET amount = amount + 1 WHERE account_id = 0", {"unbalanced": 1}),
        ("DELETE FROM ledger_entries", {"unbalanced": 1, "misstated": 1}),
        ("UPDATE ledger_accounts SET balance = 1 WHERE balance > 0", {"misstated": 1}),
        ("UPDATE ledger_accounts SET balance = -1 WHERE balance > 0", {"misstated": 1, "negative": 1}),
        ("UPDATE orders SET status = 'declined'", {"orphans": 1}),
        ("UPDATE orders SET status = 'refunded'", {"orphans": 1}),
        ("UPDATE ledger_transactions SET kind = 'refund'", {"orphans": 1}),
    ],
)
def test_what_is_broken_is_found(shop: Shop, statement: str, found: dict[str, int]) -> None:
    """Each invariant, broken by hand behind the application's back; the metric falls to 0."""
    shop.order()
    background = {task.name: task for task in shop.app.app.state.parts.background._tasks}
    shop.app.run(background["check_ledger"].run())
    assert shop.app.metric("target_ledger_invariant_ok") == 1
    assert broken(shop, statement) == found
    shop.app.run(background["check_ledger"].run())
    assert shop.app.metric("target_ledger_invariant_ok") == float(set(found) == {"misstated"})


def test_the_database_refuses_a_second_settlement_and_a_negative_balance(shop: Shop) -> None:
    """Whatever the code does: the constraints stand."""
    number = shop.order().json()["order"]["id"]
    path = sqlite_path(shop.app.settings.database_url)
    assert path is not None
    with closing(sqlite3.connect(path)) as connection:
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(
                "INSERT INTO ledger_transactions (order_id, kind, created_at) VALUES (?, 'settlement', 0)", (number,)
            )
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("UPDATE ledger_accounts SET balance = -1 WHERE id > 0")


def test_a_refund_needs_cover(shop: Shop) -> None:
    """Money that the author no longer has is not given back; nothing is changed."""
    number = shop.order().json()["order"]["id"]
    path = sqlite_path(shop.app.settings.database_url)
    assert path is not None
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE ledger_accounts SET balance = 899 WHERE balance > 0")
        connection.commit()
    answer = shop.refund(number)
    assert (answer.status_code, answer.json()) == (409, {"errors": {"balance": ["does not cover the refund"]}})
    assert (shop.status(number), shop.balance(), shop.check()["transactions"]) == ("paid", 899, 1)


def test_a_balance_tells_where_it_comes_from(shop: Shop) -> None:
    """Entries, the newest first, in pages; another user sees none of them."""
    number = shop.order().json()["order"]["id"]
    shop.refund(number)
    listed = shop.app.call("GET", "/api/balance/entries?limit=1", shop.author).json()
    assert listed["entriesCount"] == 2
    assert [(entry["kind"], entry["amount"], entry["orderId"]) for entry in listed["entries"]] == [
        ("refund", -PRICE * 9 // 10, number)
    ]
    assert shop.app.call("GET", "/api/balance/entries?offset=9", shop.author).json()["entriesCount"] == 2
    assert shop.app.call("GET", "/api/balance/entries", shop.buyer).json() == {"entries": [], "entriesCount": 0}
