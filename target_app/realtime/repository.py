from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select

from target_app.articles.models import articles
from target_app.database import Connection
from target_app.prepared import Prepared
from target_app.realtime.models import tickets
from target_app.users.models import follows
from target_app.users.session import Session

#: Authors that one connection hears of; the oldest accounts first.
MOST_FOLLOWED = 1000

FOLLOWED = Prepared(
    select(follows.c.followed_id)
    .where(follows.c.follower_id == bindparam("user"))
    .order_by(follows.c.followed_id)
    .limit(MOST_FOLLOWED)
)
KNOWN = Prepared(select(tickets.c.user_id).where(tickets.c.digest == bindparam("digest")))
TAKE = (
    delete(tickets)
    .where(tickets.c.digest == bindparam("digest"), tickets.c.expires_at > bindparam("now"))
    .returning(tickets.c.user_id, tickets.c.token_version)
)
OLD = Prepared(select(tickets.c.expires_at).where(tickets.c.expires_at <= bindparam("now")).limit(1))
PURGE = delete(tickets).where(tickets.c.expires_at <= bindparam("now"))

ARTICLES = select(articles.c.id, articles.c.author_id, articles.c.draft).where(
    articles.c.id.in_(bindparam("ids", expanding=True))
)


class ArticleState(NamedTuple):
    """What decides who may read an article."""

    author_id: int
    draft: bool


class RealtimeRepository:
    """Statements about tickets and about whom a user hears of. Times in ms since 1970."""

    async def followed(self, connection: Connection, user_id: int) -> list[int]:
        """The users whom this one follows, MOST_FOLLOWED at most."""
        return [followed for (followed,) in await connection.fetch_all(FOLLOWED, {"user": user_id})]

    async def articles(self, connection: Connection, ids: Sequence[int]) -> dict[int, ArticleState]:
        """Those of these articles that exist, by id."""
        rows = await connection.rows(ARTICLES, {"ids": list(ids)})
        return {row.id: ArticleState(row.author_id, bool(row.draft)) for row in rows}

    async def keep(self, connection: Connection, digest: str, holder: Session, expires_at: int) -> None:
        """Keep a ticket until it is taken."""
        values = {"digest": digest, "user_id": holder.user_id, "token_version": holder.version}
        await connection.run(insert(tickets).values(**values, expires_at=expires_at))

    async def known(self, connection: Connection, digest: str) -> bool:
        """Whether there is such a ticket, expired or not."""
        return await connection.fetch_one(KNOWN, {"digest": digest}) is not None

    async def take(self, connection: Connection, digest: str, now: int) -> Session | None:
        """The holder of a ticket, which is gone by this: of two who take it one gets it."""
        row = await connection.row(TAKE, {"digest": digest, "now": now})
        return None if row is None else Session(row.user_id, row.token_version)

    async def has_expired(self, connection: Connection, now: int) -> bool:
        """Whether there is anything to purge."""
        return await connection.fetch_one(OLD, {"now": now}) is not None

    async def purge(self, connection: Connection, now: int) -> None:
        """Forget what has expired."""
        await connection.run(PURGE, {"now": now})
