"""An article as it is read, and as it is shown."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from target_app.controls.response_fields import ResponseFields
from target_app.web.answers import moment

#: Characters of a paid article that everybody may read.
TEASER = 200


class ArticleRow(NamedTuple):
    """One article with its author and what the viewer did. `body` is "" and `total` counts only in a list."""

    id: int
    slug: str
    title: str
    description: str
    body: str
    tag_list: str
    draft: bool
    favorites_count: int
    created_at: int
    updated_at: int
    author_id: int
    price: int
    username: str
    bio: str | None
    image: str | None
    favorited: bool
    following: bool
    #: Whether the viewer has paid for it; asked of one article alone, never in a list.
    purchased: bool
    total: int
    #: The author's columns that response_fields asked for.
    extra: Sequence[Any]


class Page(NamedTuple):
    """Some articles of a list, and how many the whole list has."""

    articles: Sequence[ArticleRow]
    total: int


def summary(row: ArticleRow, fields: ResponseFields) -> dict[str, Any]:
    """An article as lists show it. A NULL in any column shows as null; a free article has no price."""
    shown = {
        "slug": row.slug,
        "title": row.title,
        "description": row.description,
        "tagList": orjson.Fragment(row.tag_list or "[]"),
        "createdAt": moment(row.created_at),
        "updatedAt": moment(row.updated_at),
        "favorited": bool(row.favorited),
        "favoritesCount": row.favorites_count,
        "author": fields.complete(
            {"username": row.username, "bio": row.bio, "image": row.image, "following": bool(row.following)},
            row.extra,
        ),
    }
    if row.price:
        shown["price"] = row.price
    return shown


def detail(row: ArticleRow, viewer: int | None, fields: ResponseFields) -> dict[str, Any]:
    """An article as it is shown alone. A draft says so; a free, published one looks as the contract has it."""
    shown = summary(row, fields)
    shown["body"] = row.body
    if row.price:
        shown["purchased"] = bool(row.purchased)
        if not row.purchased and viewer != row.author_id:
            shown["body"] = row.body[:TEASER]
    if row.draft:
        shown["draft"] = True
    return shown
