from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update

from target_app.database import Connection
from target_app.pages.models import page_sessions
from target_app.prepared import Prepared

LIVE = Prepared(
    select(page_sessions.c.user_id, page_sessions.c.expires_at, page_sessions.c.ends_at).where(
        page_sessions.c.digest == bindparam("of"), page_sessions.c.expires_at > bindparam("now")
    )
)
PROLONG = Prepared(
    update(page_sessions).where(page_sessions.c.digest == bindparam("of")).values(expires_at=bindparam("until"))
)
END = Prepared(delete(page_sessions).where(page_sessions.c.digest == bindparam("of")))
END_ALL = Prepared(delete(page_sessions).where(page_sessions.c.user_id == bindparam("user")))
PURGE = Prepared(delete(page_sessions).where(page_sessions.c.expires_at <= bindparam("now")))


class SessionRow(NamedTuple):
    """A session; `expires_at` is never later than `ends_at`."""

    user_id: int
    expires_at: int
    ends_at: int


class PageSessionRepository:
    """Statements about sessions of the pages, by the digest of their id. Times in ms since 1970."""

    async def add(self, connection: Connection, digest: str, session: SessionRow) -> None:
        """One more session."""
        await connection.run(insert(page_sessions).values(digest=digest, **session._asdict()))

    async def live(self, connection: Connection, digest: str, now: int) -> SessionRow | None:
        """A session that has not ended."""
        row = await connection.fetch_one(LIVE, {"of": digest, "now": now})
        return None if row is None else SessionRow._make(row)

    async def prolong(self, connection: Connection, digest: str, until: int) -> None:
        """Let it live longer; one that was ended meanwhile stays so."""
        await connection.change(PROLONG, {"of": digest, "until": until})

    async def end(self, connection: Connection, digest: str) -> bool:
        """End it; whether there was one."""
        return await connection.change(END, {"of": digest}) == 1

    async def end_all(self, connection: Connection, user: int) -> None:
        """End every session of a user."""
        await connection.change(END_ALL, {"user": user})

    async def purge(self, connection: Connection, now: int) -> None:
        """Forget those that have ended by themselves."""
        await connection.change(PURGE, {"now": now})
