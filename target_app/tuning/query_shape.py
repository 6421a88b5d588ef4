"""How an article and what belongs to it are fetched: one statement, or one and then five more for each article."""

from collections.abc import Callable, Hashable
from typing import Any, Protocol

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    bindparam,
    case,
    exists,
    false,
    func,
    literal_column,
    select,
)

from target_app.articles.models import article_tags, articles, favorites
from target_app.articles.rows import ArticleRow, Page
from target_app.controls.model import Factor, Kit, Level
from target_app.controls.response_fields import ResponseFields
from target_app.controls.sql import Selection
from target_app.database import Connection, Fetched
from target_app.orders.models import LIVE, orders
from target_app.prepared import Prepared
from target_app.users.models import follows, users

#: Limit and offset of the pages that nearly everybody asks for: the first few, of 20 articles.
USUAL_PAGES = frozenset((20, offset) for offset in range(0, 100, 20))
#: Statements that are kept built. A list has few shapes; only string-built SQL makes more.
STATEMENTS = 512

OWN_COLUMNS: tuple[ColumnElement[Any], ...] = (
    articles.c.id,
    articles.c.slug,
    articles.c.title,
    articles.c.description,
    articles.c.body,
    articles.c.tag_list,
    articles.c.draft,
    articles.c.favorites_count,
    articles.c.created_at,
    articles.c.updated_at,
    articles.c.author_id,
    articles.c.price,
)
AUTHOR_COLUMNS: tuple[ColumnElement[Any], ...] = (users.c.username, users.c.bio, users.c.image)
#: A list shows no bodies, so it reads none.
WITHOUT_BODY = tuple(
    literal_column("''").label("body") if column is articles.c.body else column for column in OWN_COLUMNS
)
OWN_NAMES = tuple(str(column.name) for column in OWN_COLUMNS)
#: Columns of an ArticleRow before `extra`.
DECLARED = len(ArticleRow._fields) - 1


class ArticleLoader(Protocol):
    """Reads articles. `viewer` is the id of the signed-in user, None for an anonymous one."""

    async def page(
        self, connection: Connection, selection: Selection, viewer: int | None, limit: int, offset: int
    ) -> Page:
        """One page of a list."""

    async def one(self, connection: Connection, slug: str, viewer: int | None) -> ArticleRow | None:
        """The article of that slug, drafts included."""


def ordered(statement: Select[Any], selection: Selection) -> Select[Any]:
    """`statement` of the list's articles, in its order."""
    return statement.select_from(selection.source).where(*selection.page).order_by(*selection.order)


def cut(statement: Select[Any], page: tuple[int, int] | None) -> Select[Any]:
    """A page of a list: one of USUAL_PAGES, whose two numbers stand in the text, or any, with both bound.

    PostgreSQL takes a number that it does not know for a tenth of the list, finds the plan for that too dear to keep,
    and plans anew for every request, which costs more than reading the page.
    """
    if page is None:
        limit, offset = (bindparam(name, type_=BigInteger) for name in ("limit", "offset"))
        return statement.limit(limit).offset(offset)
    written = [literal_column(str(number), BigInteger) for number in page]
    return statement.limit(written[0]).offset(written[1])


def viewer_bits(signed_in: bool) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Whether the viewer favorited the article and follows its author."""
    if not signed_in:
        return (false().label("favorited"), false().label("following"))
    viewer: Any = bindparam("viewer")
    favorited = exists().where(favorites.c.user_id == viewer, favorites.c.article_id == articles.c.id)
    following = exists().where(follows.c.follower_id == viewer, follows.c.followed_id == articles.c.author_id)
    return (favorited.label("favorited"), following.label("following"))


#: Both conditions: the first is the one that the index of live orders is limited to.
PAID: tuple[ColumnElement[bool], ...] = (LIVE, orders.c.status == literal_column("'paid'"))


def purchased_bit(signed_in: bool) -> ColumnElement[bool]:
    """Whether the viewer has paid for the article. CASE, unlike AND, never looks where the article is free."""
    if not signed_in:
        return false().label("purchased")
    bought = exists().where(orders.c.buyer_id == bindparam("viewer"), orders.c.article_id == articles.c.id, *PAID)
    return case((articles.c.price > literal_column("0"), bought), else_=false()).label("purchased")


class Statements:
    """Statements by key, each built once; emptied when string-built SQL has filled it."""

    def __init__(self) -> None:
        self._built: dict[Any, Prepared] = {}

    def get(self, key: Hashable, build: Callable[[], Select[Any]]) -> Prepared:
        """The statement of that key."""
        if key not in self._built:
            if len(self._built) >= STATEMENTS:
                self._built.clear()
            self._built[key] = Prepared(build())
        return self._built[key]


class Joined:
    """Author, viewer's bits and total come in the article's own row; tags and counts stand in it."""

    def __init__(self, fields: ResponseFields) -> None:
        self._extra = tuple(column.label(f"author_{column.name}") for column in fields.columns)
        self._pages = Statements()
        self._one = {signed_in: Prepared(self._one_statement(signed_in)) for signed_in in (False, True)}

    async def page(
        self, connection: Connection, selection: Selection, viewer: int | None, limit: int, offset: int
    ) -> Page:
        """One statement; a second one only beyond the list's end."""
        signed_in = viewer is not None
        page = (limit, offset) if (limit, offset) in USUAL_PAGES else None
        statement = self._pages.get(
            (selection.key, signed_in, page), lambda: cut(self._list_statement(selection, signed_in), page)
        )
        parameters = selection.parameters | {"viewer": viewer, "limit": limit, "offset": offset}
        found = await connection.fetch_all(statement, parameters)
        rows = [ArticleRow._make((*row[:DECLARED], row[DECLARED:])) for row in found]
        if rows or not offset:
            return Page(rows, rows[0].total if rows else 0)
        return Page(rows, await total(connection, selection, parameters))

    async def one(self, connection: Connection, slug: str, viewer: int | None) -> ArticleRow | None:
        """One statement."""
        row = await connection.fetch_one(self._one[viewer is not None], {"slug": slug, "viewer": viewer})
        return None if row is None else ArticleRow._make((*row[:DECLARED], row[DECLARED:]))

    def _list_statement(self, selection: Selection, signed_in: bool) -> Select[Any]:
        bits = (*viewer_bits(signed_in), false().label("purchased"))
        columns = (*WITHOUT_BODY, *AUTHOR_COLUMNS, *bits, selection.count.label("total"))
        return ordered(select(*columns, *self._extra), selection)

    def _one_statement(self, signed_in: bool) -> Select[Any]:
        bits = (*viewer_bits(signed_in), purchased_bit(signed_in))
        columns = (*OWN_COLUMNS, *AUTHOR_COLUMNS, *bits, literal_column("0").label("total"))
        return (
            select(*columns, *self._extra)
            .join_from(articles, users, users.c.id == articles.c.author_id)
            .where(articles.c.slug == bindparam("slug"))
        )


async def total(connection: Connection, selection: Selection, parameters: dict[str, Any]) -> int:
    """The count alone, for a page beyond the end of its list."""
    row = await connection.row(select(selection.count), parameters)
    return 0 if row is None else int(row[0])


class Lazy:
    """What an object mapper does when every relation is loaded at its first use: N+1 statements, five times over."""

    def __init__(self, fields: ResponseFields) -> None:
        article: Any = bindparam("article")
        author: Any = bindparam("author")
        viewer: Any = bindparam("viewer")
        self._pages = Statements()
        self._one = Prepared(select(*OWN_COLUMNS).where(articles.c.slug == bindparam("slug")))
        self._author = Prepared(select(*AUTHOR_COLUMNS, *fields.columns).where(users.c.id == author))
        tags = select(article_tags.c.tag).where(article_tags.c.article_id == article)
        self._tags = Prepared(tags.order_by(article_tags.c.position))
        self._favorites = Prepared(select(func.count()).where(favorites.c.article_id == article))
        self._favorited = Prepared(
            select(favorites.c.user_id).where(favorites.c.user_id == viewer, favorites.c.article_id == article)
        )
        self._following = Prepared(
            select(follows.c.follower_id).where(follows.c.follower_id == viewer, follows.c.followed_id == author)
        )
        self._purchased = Prepared(
            select(orders.c.id).where(orders.c.buyer_id == viewer, orders.c.article_id == article, *PAID)
        )

    async def page(
        self, connection: Connection, selection: Selection, viewer: int | None, limit: int, offset: int
    ) -> Page:
        """Two statements, and three to five per article."""
        statement = self._pages.get(selection.key, lambda: cut(ordered(select(*WITHOUT_BODY), selection), None))
        parameters = selection.parameters | {"viewer": viewer, "limit": limit, "offset": offset}
        found = await connection.fetch_all(statement, parameters)
        count = await total(connection, selection, parameters)
        return Page([await self._completed(connection, row, viewer) for row in found], count)

    async def one(self, connection: Connection, slug: str, viewer: int | None) -> ArticleRow | None:
        """Four to six statements, and one more where the article is paid."""
        row = await connection.fetch_one(self._one, {"slug": slug})
        if row is None:
            return None
        article = await self._completed(connection, row, viewer)
        if not article.price or viewer is None:
            return article
        bought = await connection.fetch_one(self._purchased, {"article": article.id, "viewer": viewer})
        return article._replace(purchased=bought is not None)

    async def _completed(self, connection: Connection, row: Fetched, viewer: int | None) -> ArticleRow:
        own = dict(zip(OWN_NAMES, row, strict=True))
        keys = {"article": own["id"], "author": own["author_id"], "viewer": viewer}
        author = await connection.fetch_one(self._author, keys)
        tags = await connection.fetch_all(self._tags, keys)
        favorites_count = await connection.fetch_one(self._favorites, keys)
        favorited = following = None
        if viewer is not None:
            favorited = await connection.fetch_one(self._favorited, keys)
            following = await connection.fetch_one(self._following, keys)
        written_by: tuple[Any, ...] = tuple(author or (None, None, None))
        username, bio, image, *extra = written_by
        return ArticleRow(
            **own
            | {
                "tag_list": orjson.dumps([tag for (tag,) in tags]).decode(),
                "favorites_count": favorites_count[0] if favorites_count else 0,
            },
            username=username,
            bio=bio,
            image=image,
            favorited=favorited is not None,
            following=following is not None,
            purchased=False,
            total=0,
            extra=extra,
        )


class QueryShape(Protocol):
    """Makes the loader once it is known which columns of a user an answer carries."""

    def __call__(self, fields: ResponseFields) -> ArticleLoader:
        """The loader."""


def joined(_kit: Kit) -> QueryShape:
    """One statement."""
    return Joined


def lazy(_kit: Kit) -> QueryShape:
    """One statement, and five more per article."""
    return Lazy


QUERY_SHAPE: Factor[QueryShape] = Factor(
    name="query_shape",
    kind="optimisation",
    threat="A list costs statements in proportion to its length, and a client chooses the length",
    owasp=("API4",),
    asvs=("15.2.2",),
    cwe=("1073",),
    cost_hypothesis="N+1 multiplies the price of a list by more than five",
    journeys=("anonymous_reader", "signed_in_reader"),
    levels=(
        Level("joined", "plain", "one statement per list", joined),
        Level("lazy", "trap", "up to five more statements per article", lazy, trips=("statements_grow",)),
    ),
)
