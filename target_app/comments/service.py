from typing import Any

from target_app.articles.rows import ArticleRow
from target_app.articles.service import ArticleService
from target_app.comments.repository import ArticleGoneError, CommentRepository, CommentRow
from target_app.comments.schemas import NewComment
from target_app.controls.object_authz import ObjectAuthz
from target_app.controls.response_fields import ResponseFields
from target_app.events import Event, Events
from target_app.schema import now_ms
from target_app.unit_of_work import UnitOfWork
from target_app.web.answers import moment
from target_app.web.errors import not_found


class CommentService:
    """Comments on articles. Every call raises ApiError 404 where the viewer must not know of the article."""

    def __init__(
        self,
        repository: CommentRepository,
        articles: ArticleService,
        authz: ObjectAuthz,
        fields: ResponseFields,
        events: Events,
    ) -> None:
        self._repository = repository
        self._articles = articles
        self._authz = authz
        self._fields = fields
        self._events = events

    async def of_article(self, work: UnitOfWork, slug: str, viewer: int | None) -> list[dict[str, Any]]:
        """All comments, the newest first."""
        article = await self._articles.readable(work, slug, viewer)
        rows = await self._repository.of_article(await work.reading(), article.id, viewer)
        return [self._shown(row) for row in rows]

    async def add(self, work: UnitOfWork, slug: str, new: NewComment, viewer: int) -> dict[str, Any]:
        """Say something about an article."""
        connection = await work.writing()
        article = await self._articles.readable(work, slug, viewer)
        try:
            comment = await self._repository.add(connection, article.id, viewer, new.body, now_ms())
        except ArticleGoneError:
            raise not_found("article") from None
        shown = self._shown(await self._found(work, article.id, comment, viewer))
        data = {"slug": article.slug, "comment": shown}
        await self._events.happened(work, Event("comment.created", f"article:{article.id}", article.author_id, data))
        return shown

    async def delete(self, work: UnitOfWork, slug: str, comment_id: int, viewer: int) -> None:
        """Take a comment back. Raises ApiError 403, 404."""
        await work.writing()
        article = await self._articles.readable(work, slug, viewer)
        comment = await self._found(work, article.id, comment_id, viewer)
        self._authz.change("comment", viewer, comment.author_id)
        await self._delete(work, article, comment)

    async def remove(self, work: UnitOfWork, slug: str, comment_id: int) -> None:
        """Delete a comment that everybody can read, whoever wrote it; the caller has decided that."""
        await work.writing()
        article = await self._articles.readable(work, slug, None)
        await self._delete(work, article, await self._found(work, article.id, comment_id, None))

    async def readable(self, work: UnitOfWork, slug: str, comment_id: int, viewer: int) -> CommentRow:
        """The comment, for somebody who may know of it."""
        article = await self._articles.readable(work, slug, viewer)
        return await self._found(work, article.id, comment_id, viewer)

    async def _delete(self, work: UnitOfWork, article: ArticleRow, comment: CommentRow) -> None:
        await self._repository.remove(await work.writing(), comment.id)
        data = {"slug": article.slug, "id": comment.id}
        await self._events.happened(work, Event("comment.deleted", f"article:{article.id}", article.author_id, data))

    async def _found(self, work: UnitOfWork, article: int, comment: int, viewer: int | None) -> CommentRow:
        row = await self._repository.one(await work.reading(), article, comment, viewer)
        if row is None:
            raise not_found("comment")
        return row

    def _shown(self, row: CommentRow) -> dict[str, Any]:
        author = {"username": row.username, "bio": row.bio, "image": row.image, "following": bool(row.following)}
        return {
            "id": row.id,
            "createdAt": moment(row.created_at),
            "updatedAt": moment(row.updated_at),
            "body": row.body,
            "author": self._fields.complete(author, row.extra),
        }
