"""How the filters and the order of article lists become SQL."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from sqlalchemy import ColumnElement, FromClause, String, TextClause, bindparam, func, select, text

from target_app.articles.models import article_counts, article_tags, articles, favorites, tags
from target_app.controls.model import Factor, Kit, Level, StaticFinding
from target_app.users.models import follows, users
from target_app.web.errors import ApiError

Clause = ColumnElement[Any] | TextClause


@dataclass(frozen=True)
class Filters:
    """What a list was asked for; None is "any"."""

    tag: str | None = None
    author: str | None = None
    favorited: str | None = None
    sort: str = "newest"


@dataclass(frozen=True)
class Selection:
    """Conditions and order of a list. Equal keys mean equal SQL: statements are kept by key."""

    key: Hashable
    #: What the articles are read from: with a tag, the rows of the tag come first, in the order of the list.
    source: FromClause
    page: tuple[Clause, ...]
    order: tuple[Clause, ...]
    #: How many articles the whole list has; bound in every level, so that a level changes one statement's text only.
    count: ColumnElement[int]
    parameters: dict[str, Any]


class ListSql(Protocol):
    """Turns filters into SQL."""

    def selection(self, filters: Filters) -> Selection:
        """Conditions and order for `filters`. Raises ApiError 422 for an order that is not offered."""


PUBLISHED = articles.c.draft.is_(False)
NEWEST: tuple[Clause, ...] = (articles.c.id.desc(),)
POPULAR: tuple[Clause, ...] = (articles.c.favorites_count.desc(), articles.c.id.desc())
ORDERS = {"newest": NEWEST, "popular": POPULAR}
#: The same two, as the indexes of a tag's articles have them: a page is the end of one, however long the list is.
TAG_ORDERS: dict[str, tuple[Clause, ...]] = {
    "newest": (article_tags.c.article_id.desc(),),
    "popular": (article_tags.c.favorites_count.desc(), article_tags.c.article_id.desc()),
}

WRITTEN = articles.join(users, users.c.id == articles.c.author_id)
TAGGED = article_tags.join(articles, articles.c.id == article_tags.c.article_id).join(
    users, users.c.id == articles.c.author_id
)


def named_user(parameter: str) -> ColumnElement[Any]:
    """The id of the user whose name is bound to `parameter`."""
    return select(users.c.id).where(users.c.username == bindparam(parameter)).scalar_subquery()


def named_tag() -> ColumnElement[Any]:
    """The tag that is bound to `tag`. As a question of its own: PostgreSQL, which knows how frequent each tag is, would
    otherwise find a plan that fits all tags too dear to keep, and plan anew for every request.
    """
    return select(bindparam("tag", type_=String)).scalar_subquery()


BOUND_CLAUSES: dict[str, Clause] = {
    "tag": article_tags.c.tag == named_tag(),
    "author": articles.c.author_id == named_user("author"),
    "favorited": articles.c.id.in_(
        select(favorites.c.article_id).where(favorites.c.user_id == named_user("favorited"))
    ),
}


def given(filters: Filters) -> dict[str, str]:
    """The filters that were asked for, by name."""
    return {name: value for name in BOUND_CLAUSES if (value := getattr(filters, name)) is not None}


def bound_clauses(names: tuple[str, ...]) -> tuple[Clause, ...]:
    """Conditions of a list of published articles with these filters."""
    return (PUBLISHED, *(BOUND_CLAUSES[name] for name in names))


def counted(clauses: tuple[Clause, ...], source: FromClause = articles) -> ColumnElement[int]:
    """How many articles there are of that kind, by counting them."""
    return select(func.count()).select_from(source).where(*clauses).correlate(None).scalar_subquery()


ALL_COUNT: ColumnElement[int] = func.coalesce(select(func.sum(article_counts.c.articles_count)).scalar_subquery(), 0)
TAG_COUNT: ColumnElement[int] = func.coalesce(
    select(tags.c.articles_count).where(tags.c.name == bindparam("tag")).scalar_subquery(), 0
)
#: Counts that are kept; any other list is a user's own, and short.
KEPT_COUNTS: dict[tuple[str, ...], ColumnElement[int]] = {(): ALL_COUNT, ("tag",): TAG_COUNT}


def count_of(names: tuple[str, ...]) -> ColumnElement[int]:
    """How many articles a list with these filters has."""
    kept = KEPT_COUNTS.get(names)
    if kept is not None:
        return kept
    return counted(bound_clauses(names), TAGGED if "tag" in names else articles)


#: Articles of the users whom the viewer follows; has no part that a client words, so every level shares it.
FEED_CLAUSES: tuple[Clause, ...] = (
    PUBLISHED,
    articles.c.author_id.in_(select(follows.c.followed_id).where(follows.c.follower_id == bindparam("viewer"))),
)
FEED = Selection("feed", WRITTEN, FEED_CLAUSES, NEWEST, counted(FEED_CLAUSES), {})


class Bound:
    """Values travel beside the statement; the order is one of a list."""

    def __init__(self, kit: Kit) -> None:
        self._allow = kit.metrics.decision("sql", "allow")
        self._deny = kit.metrics.decision("sql", "deny")

    def selection(self, filters: Filters) -> Selection:
        """One of sixteen shapes, with values beside it."""
        values = given(filters)
        names = tuple(values)
        source, orders = (TAGGED, TAG_ORDERS) if "tag" in values else (WRITTEN, ORDERS)
        order = orders.get(filters.sort)
        if order is None:
            self._deny()
            raise ApiError(422, {"sort": ["is invalid"]})
        self._allow()
        return Selection((names, filters.sort), source, bound_clauses(names), order, count_of(names), values)


class StringBuilt:
    """Values and order are written into the statement's text."""

    columns: Mapping[str, str] = MappingProxyType({"newest": "articles.id", "popular": "articles.favorites_count"})
    tag_columns: Mapping[str, str] = MappingProxyType(
        {"newest": "article_tags.article_id", "popular": "article_tags.favorites_count"}
    )

    def __init__(self, _kit: Kit) -> None:
        return None

    def selection(self, filters: Filters) -> Selection:
        """Text for these values alone."""
        values = given(filters)
        source, columns, last = WRITTEN, self.columns, "articles.id"
        if "tag" in values:
            source, columns, last = TAGGED, self.tag_columns, "article_tags.article_id"
        column = columns.get(filters.sort, filters.sort)
        return Selection(
            key=filters,
            source=source,
            page=(PUBLISHED, *(literally(self._condition(name, value)) for name, value in values.items())),
            order=(literally(f"{column} DESC, {last} DESC"),),
            count=count_of(tuple(values)),
            parameters=values,
        )

    def _condition(self, name: str, value: str) -> str:
        return getattr(self, f"_{name}")(value)  # type: ignore[no-any-return]  # one of the three methods below

    def _tag(self, tag: str) -> str:
        return f"article_tags.tag = '{tag}'"

    def _author(self, author: str) -> str:
        return f"users.username = '{author}'"

    def _favorited(self, username: str) -> str:
        return (
            "articles.id IN (SELECT article_id FROM favorites JOIN users AS fans ON fans.id = favorites.user_id "
            f"WHERE fans.username = '{username}')"
        )


def literally(sql: str) -> TextClause:
    """SQL text taken as it stands: a colon in it marks no parameter."""
    return text(sql.replace(":", r"\:"))


SQL: Factor[ListSql] = Factor(
    name="sql",
    kind="control",
    threat="A value from the query string is executed as SQL",
    owasp=(),
    asvs=("1.2.4",),
    cwe=("89",),
    cost_hypothesis="Nothing: a bound statement is prepared once and found again",
    journeys=("anonymous_reader",),
    levels=(
        Level(
            "string_built",
            "weak",
            "filters and order interpolated into the statement",
            StringBuilt,
            trips=("sql_boolean", "sql_error", "sql_union"),
            static_findings=(
                StaticFinding("B608", "target_app/controls/sql.py", "StringBuilt"),
                StaticFinding("S608", "target_app/controls/sql.py", "StringBuilt"),
                StaticFinding("T101", "target_app/controls/sql.py", "literally"),
            ),
        ),
        Level("bound", "strong", "bound parameters, order from a list", Bound),
    ),
)
