from collections.abc import Sequence
from typing import Any

from target_app.articles.repository import ArticleRepository
from target_app.articles.rows import ArticleRow, Page, detail, summary
from target_app.articles.schemas import ArticleQuery, ArticleUpdate, NewArticle, PageQuery
from target_app.controls.mass_assignment import MassAssignment
from target_app.controls.object_authz import ObjectAuthz
from target_app.controls.response_fields import ResponseFields
from target_app.controls.sql import Filters
from target_app.events import Change, Event, Events
from target_app.schema import now_ms
from target_app.unit_of_work import UnitOfWork
from target_app.web.errors import not_found


class ArticleService:
    """Articles, drafts, tags and favorites."""

    def __init__(
        self,
        repository: ArticleRepository,
        authz: ObjectAuthz,
        fields: ResponseFields,
        assignment: MassAssignment,
        events: Events,
    ) -> None:
        self._repository = repository
        self._authz = authz
        self._fields = fields
        self._assignment = assignment
        self._events = events

    async def page(self, work: UnitOfWork, query: ArticleQuery, viewer: int | None) -> dict[str, Any]:
        """One page of the published articles."""
        filters = Filters(query.tag, query.author, query.favorited, query.sort)
        page = await self._repository.page(await work.reading(), filters, viewer, query.limit, query.offset)
        return self._page_shown(page)

    async def feed(self, work: UnitOfWork, query: PageQuery, viewer: int) -> dict[str, Any]:
        """One page of the published articles of the users whom the viewer follows."""
        return self._page_shown(await self._repository.feed(await work.reading(), viewer, query.limit, query.offset))

    async def tags(self, work: UnitOfWork) -> list[str]:
        """All tags of published articles."""
        return await self._repository.tag_names(await work.reading())

    async def one(self, work: UnitOfWork, slug: str, viewer: int | None) -> dict[str, Any]:
        """An article. Raises ApiError 404, also for another user's draft."""
        return detail(await self.readable(work, slug, viewer), viewer, self._fields)

    async def create(self, work: UnitOfWork, new: NewArticle, viewer: int) -> dict[str, Any]:
        """Publish an article or keep a draft."""
        now = now_ms()
        decided = {"author_id": viewer, "created_at": now, "updated_at": now}
        values = self._assignment.row("articles", new.model_dump(), decided)
        slug = await self._repository.add(await work.writing(), values, new.tagList)
        article = await self._found(work, slug, viewer)
        if not new.draft:
            await self._published(work, article)
        return detail(article, viewer, self._fields)

    async def create_all(self, work: UnitOfWork, new: Sequence[NewArticle], author: int, username: str) -> list[str]:
        """Publish or keep many at once, all or none; their slugs, in their order."""
        now = now_ms()
        values = [one.model_dump(exclude={"tagList"}) | {"created_at": now, "updated_at": now} for one in new]
        slugs = await self._repository.add_all(await work.writing(), author, values, [one.tagList for one in new])
        published = [(one, slug) for one, slug in zip(new, slugs, strict=True) if not one.draft]
        await self._events.happened(work, *(publication(slug, one.title, author, username) for one, slug in published))
        return slugs

    async def update(self, work: UnitOfWork, slug: str, update: ArticleUpdate, viewer: int) -> dict[str, Any]:
        """Change an article. Raises ApiError 403, 404."""
        connection = await work.writing()
        article = await self.changeable(work, slug, viewer)
        given = update.model_dump(exclude_unset=True)
        values = self._assignment.row("articles", given, {"updated_at": now_ms()})
        changed = await self._repository.change(connection, article, values, given.get("tagList"))
        updated = await self._found(work, changed, viewer)
        if article.draft and not updated.draft:
            await self._published(work, updated)
        if updated.draft and not article.draft:
            self._events.changed(work, Change("hide", article.id))
        return detail(updated, viewer, self._fields)

    async def delete(self, work: UnitOfWork, slug: str, viewer: int) -> None:
        """Delete an article. Raises ApiError 403, 404."""
        await work.writing()
        await self._delete(work, await self.changeable(work, slug, viewer))

    async def remove(self, work: UnitOfWork, slug: str) -> None:
        """Delete a published article, whoever wrote it; the caller has decided that. Raises ApiError 404."""
        await work.writing()
        await self._delete(work, await self.readable(work, slug, None))

    async def favorite(self, work: UnitOfWork, slug: str, viewer: int) -> dict[str, Any]:
        """Favorite an article. Raises ApiError 404."""
        connection = await work.writing()
        article = await self.readable(work, slug, viewer)
        await self._repository.favorite(connection, viewer, article.id)
        return await self.one(work, slug, viewer)

    async def unfavorite(self, work: UnitOfWork, slug: str, viewer: int) -> dict[str, Any]:
        """Take a favorite back. Raises ApiError 404."""
        connection = await work.writing()
        article = await self.readable(work, slug, viewer)
        await self._repository.unfavorite(connection, viewer, article.id)
        return await self.one(work, slug, viewer)

    async def readable(self, work: UnitOfWork, slug: str, viewer: int | None) -> ArticleRow:
        """The article, for somebody who may know of it. Raises ApiError 404."""
        article = await self._found(work, slug, viewer)
        if article.draft:
            self._authz.read_draft(viewer, article.author_id)
        return article

    async def _delete(self, work: UnitOfWork, article: ArticleRow) -> None:
        await self._repository.remove(await work.writing(), article)
        self._events.changed(work, Change("hide", article.id))

    async def _published(self, work: UnitOfWork, article: ArticleRow) -> None:
        event = publication(article.slug, article.title, article.author_id, article.username)
        await self._events.happened(work, event)

    async def changeable(self, work: UnitOfWork, slug: str, viewer: int) -> ArticleRow:
        """The article, for somebody who may change it. Raises ApiError 403, 404."""
        article = await self.readable(work, slug, viewer)
        self._authz.change("article", viewer, article.author_id)
        return article

    async def _found(self, work: UnitOfWork, slug: str, viewer: int | None) -> ArticleRow:
        article = await self._repository.one(await work.reading(), slug, viewer)
        if article is None:
            raise not_found("article")
        return article

    def _page_shown(self, page: Page) -> dict[str, Any]:
        shown = [summary(row, self._fields) for row in page.articles]
        return {"articles": shown, "articlesCount": page.total}


def publication(slug: str, title: str, author: int, username: str) -> Event:
    """That an article can be read from now on."""
    data = {"slug": slug, "title": title, "author": username}
    return Event("article.published", f"author:{author}", author, data)
