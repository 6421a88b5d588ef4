from collections.abc import Mapping

from sqlalchemy import BigInteger, ColumnElement, bindparam, select, true, update

from target_app.accounts.rows import AccountRow
from target_app.database import Connection
from target_app.prepared import Prepared
from target_app.users.models import STAFF, SUSPENDED, users
from target_app.users.roles import Role

ROW = tuple(users.c[name] for name in AccountRow._fields)
#: Names are ordered by code point, and 255 characters long at most: all that begin with a text stand before that text
#: with more than 255 of the last code point behind it, and no other name stands between.
LAST = "\U0010ffff" * 256
SHOWN: Mapping[str, ColumnElement[bool]] = {"all": true(), "staff": STAFF, "suspended": SUSPENDED}
PAGES = {
    show: Prepared(
        select(*ROW)
        .where(
            users.c.username >= bindparam("first"),
            users.c.username < bindparam("end"),
            users.c.username > bindparam("after"),
            shown,
        )
        .order_by(users.c.username)
        .limit(bindparam("limit", type_=BigInteger))
    )
    for show, shown in SHOWN.items()
}
ONE = select(*ROW).where(users.c.id == bindparam("user"))
READ = Prepared(ONE)
LOCK = Prepared(ONE.with_for_update(key_share=True))
NAMED = Prepared(select(users.c.id).where(users.c.username == bindparam("username")))
SUSPEND = Prepared(update(users).where(users.c.id == bindparam("user")).values(suspended_at=bindparam("at")))
APPOINT = Prepared(update(users).where(users.c.id == bindparam("user")).values(role=bindparam("new_role")))


class AccountRepository:
    """Statements about accounts, for staff. Times in ms since 1970."""

    async def page(self, connection: Connection, show: str, name: str, after: str, limit: int) -> list[AccountRow]:
        """Accounts whose name begins with `name` and stands behind `after`, by name."""
        asked = {"first": name, "end": name + LAST, "after": after, "limit": limit}
        return [AccountRow._make(row) for row in await connection.fetch_all(PAGES[show], asked)]

    async def one(self, connection: Connection, user: int) -> AccountRow | None:
        """The account of that id."""
        row = await connection.fetch_one(READ, {"user": user})
        return None if row is None else AccountRow._make(row)

    async def lock(self, connection: Connection, user: int) -> AccountRow | None:
        """The same, which nobody else changes until the transaction ends."""
        row = await connection.fetch_one(LOCK, {"user": user})
        return None if row is None else AccountRow._make(row)

    async def id_of(self, connection: Connection, username: str) -> int | None:
        """Whose name that is."""
        row = await connection.fetch_one(NAMED, {"username": username})
        return None if row is None else int(row[0])

    async def suspend(self, connection: Connection, user: int, at: int | None) -> None:
        """Suspend an account since then; None reinstates it."""
        await connection.change(SUSPEND, {"user": user, "at": at})

    async def appoint(self, connection: Connection, user: int, role: Role) -> None:
        """Give a role."""
        await connection.change(APPOINT, {"user": user, "new_role": role})
