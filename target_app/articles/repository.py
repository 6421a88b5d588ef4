import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, insert, select, text, update

from target_app.articles.models import article_tags, articles, favorites, tags
from target_app.articles.rows import ArticleRow, Page
from target_app.articles.slugs import slug as slug_of
from target_app.controls.sql import FEED, Filters, ListSql
from target_app.database import Connection
from target_app.prepared import Prepared
from target_app.tuning.query_shape import ArticleLoader

TAGS = Prepared(
    select(tags.c.name).where(tags.c.articles_count > 0).order_by(tags.c.articles_count.desc(), tags.c.name)
)
TAGS_OF = select(article_tags.c.tag).where(article_tags.c.article_id == bindparam("article"))
COUNT_TAG = text(
    "INSERT INTO tags (name, articles_count) VALUES (:tag, 1) "
    "ON CONFLICT (name) DO UPDATE SET articles_count = tags.articles_count + 1"
)
UNCOUNT_TAG = update(tags).where(tags.c.name == bindparam("tag")).values(articles_count=tags.c.articles_count - 1)
FAVORITE = text("INSERT INTO favorites (user_id, article_id) VALUES (:viewer, :article) ON CONFLICT DO NOTHING")
UNFAVORITE = delete(favorites).where(
    favorites.c.user_id == bindparam("viewer"), favorites.c.article_id == bindparam("article")
)
COUNT_FAVORITE = (
    update(articles)
    .where(articles.c.id == bindparam("article"))
    .values(favorites_count=articles.c.favorites_count + bindparam("change"))
)


class ArticleRepository:
    """Statements about articles, their tags and who favorited them."""

    def __init__(self, sql: ListSql, loader: ArticleLoader) -> None:
        self._sql = sql
        self._loader = loader

    async def page(self, connection: Connection, filters: Filters, viewer: int | None, limit: int, offset: int) -> Page:
        """One page of the articles that the filters leave."""
        return await self._loader.page(connection, self._sql.selection(filters), viewer, limit, offset)

    async def feed(self, connection: Connection, viewer: int, limit: int, offset: int) -> Page:
        """One page of the articles of those whom the viewer follows."""
        return await self._loader.page(connection, FEED, viewer, limit, offset)

    async def one(self, connection: Connection, slug: str, viewer: int | None) -> ArticleRow | None:
        """The article of that slug, drafts included."""
        return await self._loader.one(connection, slug, viewer)

    async def tag_names(self, connection: Connection) -> list[str]:
        """Tags of published articles, the most used first."""
        return [name for (name,) in await connection.fetch_all(TAGS)]

    async def add(self, connection: Connection, values: Mapping[str, Any], tag_list: Sequence[str]) -> str:
        """The slug of the new article."""
        # The slug carries the id, which the database gives: until then something unique stands in its place.
        row = await connection.row(
            insert(articles)
            .values(**values, slug=secrets.token_hex(16), tag_list=encoded(tag_list), favorites_count=0)
            .returning(articles.c.id)
        )
        if row is None:
            raise LookupError("the database returned no id for a new article")
        slug = slug_of(values["title"], row.id)
        await connection.run(update(articles).where(articles.c.id == row.id).values(slug=slug))
        await self._add_tags(connection, row.id, tag_list, published=not values["draft"])
        return slug

    async def change(
        self, connection: Connection, article: ArticleRow, values: Mapping[str, Any], tag_list: Sequence[str] | None
    ) -> str:
        """Change columns, and the tags unless `tag_list` is None; the slug afterwards."""
        slug = (
            slug_of(values["title"], article.id)
            if values.get("title", article.title) != article.title
            else article.slug
        )
        columns = dict(values) | {"slug": slug}
        draft = values.get("draft", article.draft)
        if tag_list is not None or draft != article.draft:
            names = orjson.loads(article.tag_list) if tag_list is None else tag_list
            columns["tag_list"] = encoded(names)
            await self._remove_tags(connection, article.id, published=not article.draft)
            await self._add_tags(connection, article.id, names, published=not draft)
        await connection.run(update(articles).where(articles.c.id == article.id).values(**columns))
        return slug

    async def remove(self, connection: Connection, article: ArticleRow) -> None:
        """Delete an article and what hangs on it."""
        await self._remove_tags(connection, article.id, published=not article.draft)
        await connection.run(delete(articles).where(articles.c.id == article.id))

    async def favorite(self, connection: Connection, viewer: int, article: int) -> None:
        """Favorite an article; once is enough."""
        if await connection.run(FAVORITE, {"viewer": viewer, "article": article}):
            await connection.run(COUNT_FAVORITE, {"article": article, "change": 1})

    async def unfavorite(self, connection: Connection, viewer: int, article: int) -> None:
        """Take a favorite back, if there is one."""
        if await connection.run(UNFAVORITE, {"viewer": viewer, "article": article}):
            await connection.run(COUNT_FAVORITE, {"article": article, "change": -1})

    async def _add_tags(self, connection: Connection, article: int, names: Sequence[str], published: bool) -> None:
        if not names:
            return
        rows = [{"article_id": article, "tag": tag, "position": at} for at, tag in enumerate(names)]
        await connection.run(insert(article_tags), rows)
        if published:
            # One order for all writers: two transactions that share tags never wait for each other.
            await connection.run(COUNT_TAG, [{"tag": tag} for tag in sorted(names)])

    async def _remove_tags(self, connection: Connection, article: int, published: bool) -> None:
        names = sorted(tag for (tag,) in await connection.rows(TAGS_OF, {"article": article}))
        if not names:
            return
        if published:
            await connection.run(UNCOUNT_TAG, [{"tag": tag} for tag in names])
        await connection.run(delete(article_tags).where(article_tags.c.article_id == article))


def encoded(tag_list: Sequence[str]) -> str:
    """Tags as the JSON text that answers carry."""
    return orjson.dumps(list(tag_list)).decode()
