import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import orjson
from sqlalchemy import bindparam, delete, insert, select, text, update

from target_app.articles.models import BUCKETS, article_tags, articles, favorites, tags
from target_app.articles.rows import ArticleRow, Page
from target_app.articles.slugs import slug as slug_of
from target_app.controls.sql import FEED, Filters, ListSql
from target_app.database import Connection
from target_app.prepared import Prepared
from target_app.tuning.query_shape import ArticleLoader

TAGS = Prepared(
    select(tags.c.name).where(tags.c.articles_count > 0).order_by(tags.c.articles_count.desc(), tags.c.name)
)
#: The ids come in the order of the rows.
ADD_ALL = insert(articles).values(favorites_count=0).returning(articles.c.id, sort_by_parameter_order=True)
NAME = update(articles).where(articles.c.id == bindparam("article")).values(slug=bindparam("name"))
HELD = (
    select(articles.c.draft, articles.c.tag_list, articles.c.favorites_count)
    .where(articles.c.id == bindparam("article"))
    .with_for_update(key_share=True)
)
COUNT_TAG = text(
    "INSERT INTO tags (name, articles_count) VALUES (:tag, :change) "
    "ON CONFLICT (name) DO UPDATE SET articles_count = tags.articles_count + :change"
)
COUNT_ARTICLES = text(
    "INSERT INTO article_counts (bucket, articles_count) VALUES (:bucket, :change) "
    "ON CONFLICT (bucket) DO UPDATE SET articles_count = article_counts.articles_count + :change"
)
FAVORITE = text("INSERT INTO favorites (user_id, article_id) VALUES (:viewer, :article) ON CONFLICT DO NOTHING")
UNFAVORITE = delete(favorites).where(
    favorites.c.user_id == bindparam("viewer"), favorites.c.article_id == bindparam("article")
)
COUNT_FAVORITE = (
    update(articles)
    .where(articles.c.id == bindparam("article"))
    .values(favorites_count=articles.c.favorites_count + bindparam("change"))
)
COUNT_TAGGED_FAVORITE = (
    update(article_tags)
    .where(article_tags.c.article_id == bindparam("article"))
    .values(favorites_count=article_tags.c.favorites_count + bindparam("change"))
)


class Held(NamedTuple):
    """An article as its counts have it."""

    draft: bool
    tag_list: str
    favorites_count: int


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
            .values({**values, "slug": secrets.token_hex(16), "tag_list": encoded(tag_list), "favorites_count": 0})
            .returning(articles.c.id)
        )
        if row is None:
            raise LookupError("the database returned no id for a new article")
        slug = slug_of(values["title"], row.id)
        await connection.run(update(articles).where(articles.c.id == row.id).values(slug=slug))
        await self._add_tags(connection, {row.id: tag_list})
        if not values["draft"]:
            await self._count(connection, values["author_id"], (), tag_list, 1)
        return slug

    async def add_all(
        self, connection: Connection, author: int, new: Sequence[Mapping[str, Any]], tag_lists: Sequence[Sequence[str]]
    ) -> list[str]:
        """The slugs of new articles of one author, in their order; as many statements for fifty as for one."""
        columns = [
            {**values, "author_id": author, "slug": secrets.token_hex(16), "tag_list": encoded(names)}
            for values, names in zip(new, tag_lists, strict=True)
        ]
        made = await connection.rows(ADD_ALL, columns)
        ids = [row.id for row in made]
        slugs = [slug_of(values["title"], article) for values, article in zip(new, ids, strict=True)]
        named = [{"article": article, "name": slug} for article, slug in zip(ids, slugs, strict=True)]
        await connection.run(NAME, named)
        await self._add_tags(connection, dict(zip(ids, tag_lists, strict=True)))
        public = [names for values, names in zip(new, tag_lists, strict=True) if not values["draft"]]
        await self._count(connection, author, (), list(chain.from_iterable(public)), len(public))
        return slugs

    async def change(
        self, connection: Connection, article: ArticleRow, values: Mapping[str, Any], tag_list: Sequence[str] | None
    ) -> str:
        """Change columns, and the tags unless `tag_list` is None; the slug afterwards."""
        held = await self._held(connection, article.id)
        if held is None:
            return article.slug
        slug = (
            slug_of(values["title"], article.id)
            if values.get("title", article.title) != article.title
            else article.slug
        )
        before = orjson.loads(held.tag_list)
        after = before if tag_list is None else list(tag_list)
        columns = {**values, "slug": slug, "tag_list": encoded(after)}
        await connection.run(update(articles).where(articles.c.id == article.id).values(**columns))
        if after != before:
            await connection.run(delete(article_tags).where(article_tags.c.article_id == article.id))
            await self._add_tags(connection, {article.id: after}, held.favorites_count)
        was_public, is_public = not held.draft, not values.get("draft", held.draft)
        await self._count(
            connection,
            article.author_id,
            before if was_public else (),
            after if is_public else (),
            is_public - was_public,
        )
        return slug

    async def remove(self, connection: Connection, article: ArticleRow) -> None:
        """Delete an article and what hangs on it."""
        held = await self._held(connection, article.id)
        await connection.run(delete(articles).where(articles.c.id == article.id))
        if held is not None and not held.draft:
            await self._count(connection, article.author_id, orjson.loads(held.tag_list), (), -1)

    async def favorite(self, connection: Connection, viewer: int, article: int) -> None:
        """Favorite an article; once is enough."""
        if await self._held(connection, article) and await connection.run(
            FAVORITE, {"viewer": viewer, "article": article}
        ):
            await connection.run(COUNT_FAVORITE, {"article": article, "change": 1})
            await connection.run(COUNT_TAGGED_FAVORITE, {"article": article, "change": 1})

    async def unfavorite(self, connection: Connection, viewer: int, article: int) -> None:
        """Take a favorite back, if there is one."""
        if await self._held(connection, article) and await connection.run(
            UNFAVORITE, {"viewer": viewer, "article": article}
        ):
            await connection.run(COUNT_FAVORITE, {"article": article, "change": -1})
            await connection.run(COUNT_TAGGED_FAVORITE, {"article": article, "change": -1})

    async def _held(self, connection: Connection, article: int) -> Held | None:
        """What the counts hang on, with the article's row locked: nobody else changes it before this one commits.

        First of all: a row that refers to the article locks it a little, and two that did so would wait in a circle.
        """
        row = await connection.row(HELD, {"article": article})
        return None if row is None else Held._make(row)

    async def _add_tags(
        self, connection: Connection, tagged: Mapping[int, Sequence[str]], favorites_count: int = 0
    ) -> None:
        rows = [
            {"article_id": article, "tag": tag, "position": at, "favorites_count": favorites_count}
            for article, names in tagged.items()
            for at, tag in enumerate(names)
        ]
        if rows:
            await connection.run(insert(article_tags), rows)

    async def _count(
        self, connection: Connection, author: int, before: Sequence[str], after: Sequence[str], change: int
    ) -> None:
        """Count an author's articles in or out, and their tags. One order for all writers: none waits in a circle."""
        changes = Counter(after)
        changes.subtract(before)
        rows = [{"tag": tag, "change": by} for tag, by in sorted(changes.items()) if by]
        if rows:
            await connection.run(COUNT_TAG, rows)
        if change:
            await connection.run(COUNT_ARTICLES, {"bucket": author % BUCKETS, "change": change})


def encoded(tag_list: Sequence[str]) -> str:
    """Tags as the JSON text that answers carry."""
    return orjson.dumps(list(tag_list)).decode()
