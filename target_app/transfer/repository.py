from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, bindparam, func, or_, select

from target_app.articles.models import articles
from target_app.database import Connection
from target_app.prepared import Prepared


class OwnRow(NamedTuple):
    """An article as its author has it, and the id of the author's newest one."""

    id: int
    slug: str
    title: str
    description: str
    body: str
    tag_list: str
    draft: bool
    price: int
    created_at: int
    updated_at: int
    newest: int


OWN = articles.c.author_id == bindparam("author")
#: Ids first, of an index alone: an author's bodies are not sorted.
CHOSEN = (
    select(articles.c.id)
    .where(OWN, articles.c.id > bindparam("after", type_=BigInteger))
    .order_by(articles.c.id)
    .limit(bindparam("limit", type_=BigInteger))
    .subquery("chosen")
)
LENGTH = func.length(articles.c.title) + func.length(articles.c.description) + func.length(articles.c.body)
SIZED = (
    select(articles, LENGTH.label("length"), func.sum(LENGTH).over(order_by=articles.c.id).label("so_far"))
    .join(CHOSEN, CHOSEN.c.id == articles.c.id)
    .subquery("sized")
)
NEWEST = select(func.max(articles.c.id)).where(OWN).scalar_subquery()
#: The first one, and as many more as fit.
OF_AUTHOR = Prepared(
    select(*(SIZED.c[name] for name in OwnRow._fields[:-1]), NEWEST)
    .where(or_(SIZED.c.so_far <= bindparam("most", type_=BigInteger), SIZED.c.so_far == SIZED.c.length))
    .order_by(SIZED.c.id)
)


class TransferRepository:
    """Statements about all articles of an author."""

    async def of_author(
        self, connection: Connection, author: int, after: int, limit: int, most: int
    ) -> Sequence[OwnRow]:
        """Articles with ids above `after`, drafts included: one, and more up to `limit` and `most` characters."""
        asked = {"author": author, "after": after, "limit": limit, "most": most}
        return [OwnRow._make(row) for row in await connection.fetch_all(OF_AUTHOR, asked)]
