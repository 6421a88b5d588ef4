from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, exists, false, insert, select

from target_app.comments.models import comments
from target_app.controls.response_fields import ResponseFields
from target_app.database import Connection, ConstraintError
from target_app.prepared import Prepared
from target_app.users.models import follows, users

ADD = Prepared(
    insert(comments)
    .values(
        article_id=bindparam("article"),
        author_id=bindparam("author"),
        body=bindparam("text"),
        created_at=bindparam("now"),
        updated_at=bindparam("now"),
    )
    .returning(comments.c.id)
)
REMOVE = Prepared(delete(comments).where(comments.c.id == bindparam("comment")))


class CommentRow(NamedTuple):
    """A comment with its author as one viewer sees them."""

    id: int
    body: str
    created_at: int
    updated_at: int
    author_id: int
    username: str
    bio: str | None
    image: str | None
    following: bool
    #: The author's columns that response_fields asked for.
    extra: Sequence[Any]


DECLARED = len(CommentRow._fields) - 1


class ArticleGoneError(Exception):
    """There is nothing left to comment on."""


class CommentRepository:
    """Statements about comments."""

    def __init__(self, fields: ResponseFields) -> None:
        columns = (
            comments.c.id,
            comments.c.body,
            comments.c.created_at,
            comments.c.updated_at,
            comments.c.author_id,
            users.c.username,
            users.c.bio,
            users.c.image,
        )
        extra = tuple(column.label(f"author_{column.name}") for column in fields.columns)
        following = exists().where(
            follows.c.follower_id == bindparam("viewer"), follows.c.followed_id == comments.c.author_id
        )
        statements = {
            signed_in: select(*columns, bit.label("following"), *extra)
            .join_from(comments, users, users.c.id == comments.c.author_id)
            .where(comments.c.article_id == bindparam("article"))
            .order_by(comments.c.id.desc())
            for signed_in, bit in ((False, false()), (True, following))
        }
        self._read = {signed_in: Prepared(statement) for signed_in, statement in statements.items()}
        self._one = {
            signed_in: Prepared(statement.where(comments.c.id == bindparam("comment")))
            for signed_in, statement in statements.items()
        }

    async def of_article(self, connection: Connection, article: int, viewer: int | None) -> list[CommentRow]:
        """All comments on an article, the newest first."""
        rows = await connection.fetch_all(self._read[viewer is not None], {"article": article, "viewer": viewer})
        return [CommentRow._make((*row[:DECLARED], row[DECLARED:])) for row in rows]

    async def one(self, connection: Connection, article: int, comment: int, viewer: int | None) -> CommentRow | None:
        """A comment, if it stands under that article."""
        parameters = {"article": article, "comment": comment, "viewer": viewer}
        row = await connection.fetch_one(self._one[viewer is not None], parameters)
        return None if row is None else CommentRow._make((*row[:DECLARED], row[DECLARED:]))

    async def add(self, connection: Connection, article: int, author: int, body: str, now: int) -> int:
        """The id of the new comment. Raises ArticleGoneError where the article was deleted meanwhile."""
        values = {"article": article, "author": author, "text": body, "now": now}
        try:
            row = await connection.fetch_one(ADD, values)
        except ConstraintError:
            raise ArticleGoneError from None
        if row is None:
            raise LookupError("the database returned no id for a new comment")
        return int(row[0])

    async def remove(self, connection: Connection, comment: int) -> None:
        """Delete a comment."""
        await connection.change(REMOVE, {"comment": comment})
