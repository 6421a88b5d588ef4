from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, Text, bindparam, select, text, update

from target_app.articles.models import articles
from target_app.comments.models import comments
from target_app.database import Connection
from target_app.moderation.models import CLOSED, OPEN, reports
from target_app.moderation.rows import Kind, ObjectRow, ReportRow
from target_app.prepared import Prepared
from target_app.schema import LARGEST_INTEGER
from target_app.users.models import users

author, reporter, closer = (users.alias(name) for name in ("author", "reporter", "closer"))
OWN = tuple(reports.c[name] for name in ReportRow._fields[:-3])
REPORT: Select[*tuple[Any, ...]] = select(*OWN, author.c.username, reporter.c.username, closer.c.username).select_from(
    reports.join(author, author.c.id == reports.c.author_id)
    .join(reporter, reporter.c.id == reports.c.reporter_id)
    .outerjoin(closer, closer.c.id == reports.c.closed_by)
)
ONE = Prepared(REPORT.where(reports.c.id == bindparam("report")))

#: A second open report of the same reporter on the same object is none.
ADD = Prepared(
    text(
        "INSERT INTO reports "
        "(kind, object_id, author_id, reporter_id, reason, excerpt, status, note, created_at) "
        "VALUES (:kind, :object, :author, :reporter, :reason, :excerpt, 'open', '', :now) "
        "ON CONFLICT DO NOTHING RETURNING id"
    ).bindparams(
        *(bindparam(name, type_=BigInteger) for name in ("object", "author", "reporter", "now")),
        *(bindparam(name, type_=Text) for name in ("kind", "reason", "excerpt")),
    )
)
CLOSING = update(reports).values(
    status=bindparam("verdict"), note=bindparam("remark"), closed_at=bindparam("now"), closed_by=bindparam("moderator")
)
CLOSE = Prepared(CLOSING.where(reports.c.id == bindparam("report"), OPEN))
CLOSE_ALL = CLOSING.where(
    reports.c.kind == bindparam("of_kind"), reports.c.object_id == bindparam("object"), OPEN
).returning(reports.c.id)

#: What everybody may read, by kind of object, and the same with its row locked.
PUBLISHED = articles.c.draft.is_(False)
ARTICLE = select(articles.c.id, articles.c.slug, articles.c.title, articles.c.body).where(
    articles.c.id == bindparam("object"), PUBLISHED
)
COMMENT = (
    select(comments.c.id, articles.c.slug, articles.c.title, comments.c.body)
    .join_from(comments, articles, articles.c.id == comments.c.article_id)
    .where(comments.c.id == bindparam("object"), PUBLISHED)
)
OBJECTS: Mapping[Kind, Prepared] = {"article": Prepared(ARTICLE), "comment": Prepared(COMMENT)}
LOCKED: Mapping[Kind, Prepared] = {
    "article": Prepared(ARTICLE.with_for_update(of=articles)),
    "comment": Prepared(COMMENT.with_for_update(of=comments)),
}


class Listing(NamedTuple):
    """One order of the queue, and where it begins."""

    statement: Prepared
    begin: int


def listing(status: ColumnElement[bool], beyond: ColumnElement[bool], order: ColumnElement[Any], begin: int) -> Listing:
    """The reports of a status, as one walk along an index that has these alone."""
    page = REPORT.where(status, beyond).order_by(order).limit(bindparam("limit", type_=BigInteger))
    return Listing(Prepared(page), begin)


LISTINGS = {
    "open": listing(OPEN, reports.c.id > bindparam("after"), reports.c.id.asc(), 0),
    "closed": listing(CLOSED, reports.c.id < bindparam("after"), reports.c.id.desc(), LARGEST_INTEGER),
}


class ReportRepository:
    """Statements about reports. Times in ms since 1970."""

    async def add(self, connection: Connection, values: Mapping[str, Any]) -> int | None:
        """The id of the new report; None where the reporter has an open one on the object."""
        row = await connection.fetch_one(ADD, values)
        return None if row is None else int(row[0])

    async def page(self, connection: Connection, status: str, after: int | None, limit: int) -> list[ReportRow]:
        """Open reports, the oldest first, or closed ones, the newest first, behind the report `after`."""
        statement, begin = LISTINGS[status]
        asked = {"after": begin if after is None else after, "limit": limit}
        return [ReportRow._make(row) for row in await connection.fetch_all(statement, asked)]

    async def one(self, connection: Connection, report: int) -> ReportRow | None:
        """The report of that id."""
        row = await connection.fetch_one(ONE, {"report": report})
        return None if row is None else ReportRow._make(row)

    async def subject(self, connection: Connection, report: ReportRow) -> ObjectRow | None:
        """What it is about, where everybody may read that."""
        row = await connection.fetch_one(OBJECTS[report.kind], {"object": report.object_id})
        return None if row is None else ObjectRow._make(row)

    async def lock_subject(self, connection: Connection, report: ReportRow) -> ObjectRow | None:
        """The same, which nobody else deletes until the transaction ends."""
        row = await connection.fetch_one(LOCKED[report.kind], {"object": report.object_id})
        return None if row is None else ObjectRow._make(row)

    async def close(self, connection: Connection, report: ReportRow, values: Mapping[str, Any]) -> bool:
        """Close a report (`verdict`, `remark`, `moderator`, `now`); False where it was closed already."""
        return await connection.change(CLOSE, {"report": report.id, **values}) == 1

    async def close_all(self, connection: Connection, report: ReportRow, values: Mapping[str, Any]) -> list[int]:
        """Close every open report on the same object; their ids."""
        rows = await connection.rows(CLOSE_ALL, {"of_kind": report.kind, "object": report.object_id, **values})
        return [row.id for row in rows]
