"""Lists of articles: what stands in them, in which order, and how they are cut."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.target_app.contract.conduit import Conduit, unique
from tests.target_app.contract.scene import Person, publish, register
from tests.target_app.contract.test_articles import MILLISECONDS_UTC


def _list(api: Conduit, token: str | None = None, **query: Any) -> dict[str, Any]:
    listed: dict[str, Any] = api.ok("GetArticles", token=token, query=query)
    return listed


def _slugs(listed: dict[str, Any]) -> list[str]:
    return [article["slug"] for article in listed["articles"]]


def _series(api: Conduit, person: Person, count: int, tags: Sequence[str]) -> list[str]:
    """The slugs of new articles, newest first."""
    return [publish(api, person, tagList=list(tags))["slug"] for _ in range(count)][::-1]


def test_newest_first(api: Conduit, owner: Person) -> None:
    """The newest article leads the list of all."""
    newest = _series(api, owner, 3, [])
    assert _slugs(_list(api))[:3] == newest


def test_body_is_left_out(api: Conduit, owner: Person) -> None:
    """A list carries everything of an article but its body."""
    tag = unique("short")
    article = publish(api, owner, tagList=[tag])
    (listed,) = _list(api, tag=tag)["articles"]
    assert listed == {name: value for name, value in article.items() if name != "body"}
    assert MILLISECONDS_UTC.fullmatch(listed["createdAt"])


def test_twenty_unless_told(api: Conduit, owner: Person) -> None:
    """Twenty articles are listed by default, and the count is of all of them."""
    tag = unique("many")
    slugs = _series(api, owner, 22, [tag])
    listed = _list(api, tag=tag)
    assert (_slugs(listed), listed["articlesCount"]) == (slugs[:20], 22)


@pytest.mark.parametrize(
    ("query", "cut"),
    [
        ({"limit": 2}, slice(0, 2)),
        ({"offset": 1}, slice(1, None)),
        ({"limit": 2, "offset": 2}, slice(2, 4)),
        ({"limit": 10, "offset": 4}, slice(4, None)),
        ({"offset": 99}, slice(99, None)),
    ],
    ids=["limit", "offset", "both", "last_page", "beyond"],
)
def test_paging(api: Conduit, owner: Person, query: dict[str, Any], cut: slice) -> None:
    """`limit` and `offset` cut the list; the count is the one before the cut."""
    tag = unique("paged")
    slugs = _series(api, owner, 5, [tag])
    listed = _list(api, tag=tag, **query)
    assert (_slugs(listed), listed["articlesCount"]) == (slugs[cut], 5)


def test_by_tag(api: Conduit, owner: Person) -> None:
    """A tag selects the articles that carry it among others, and shows all their tags."""
    tag, second = unique("tagged"), unique("second")
    slug = publish(api, owner, tagList=[tag, second])["slug"]
    publish(api, owner, tagList=[second])
    listed = _list(api, tag=tag)
    assert (_slugs(listed), listed["articlesCount"]) == ([slug], 1)
    assert sorted(listed["articles"][0]["tagList"]) == sorted([tag, second])


def test_by_author(api: Conduit, other: Person) -> None:
    """An author selects the articles of that user alone."""
    author = register(api, "author")
    publish(api, other)
    slugs = _series(api, author, 2, [])
    listed = _list(api, author=author.username)
    assert (_slugs(listed), listed["articlesCount"]) == (slugs, 2)
    assert {article["author"]["username"] for article in listed["articles"]} == {author.username}


def test_by_favorite(api: Conduit, owner: Person) -> None:
    """`favorited` selects what that user favoured, whoever asks; the mark itself is the caller's own."""
    fan = register(api, "fan")
    slug = publish(api, owner)["slug"]
    publish(api, owner)
    api.ok("CreateArticleFavorite", token=fan.token, slug=slug)
    listed = _list(api, favorited=fan.username)
    assert (_slugs(listed), listed["articlesCount"]) == ([slug], 1)
    assert listed["articles"][0]["favorited"] is False
    assert _list(api, fan.token, favorited=fan.username)["articles"][0]["favorited"] is True
    api.ok("DeleteArticleFavorite", token=fan.token, slug=slug)
    assert _list(api, favorited=fan.username)["articlesCount"] == 0


def test_filters_join(api: Conduit, owner: Person, other: Person) -> None:
    """Tag and author together select what satisfies both."""
    tag = unique("joined")
    publish(api, other, tagList=[tag])
    slug = publish(api, owner, tagList=[tag])["slug"]
    assert _slugs(_list(api, tag=tag, author=owner.username)) == [slug]


@pytest.mark.parametrize("name", ["tag", "author", "favorited"])
def test_filter_that_fits_nothing(api: Conduit, name: str) -> None:
    """An unknown tag or user gives an empty list, not an error."""
    assert _list(api, **{name: unique("unknown")}) == {"articles": [], "articlesCount": 0}


def test_counts_of_favorites(api: Conduit, owner: Person, other: Person) -> None:
    """Each article in a list has its own count of favourites."""
    tag = unique("counted")
    newest, oldest = _series(api, owner, 2, [tag])
    for token in (owner.token, other.token):
        api.ok("CreateArticleFavorite", token=token, slug=oldest)
    api.ok("CreateArticleFavorite", token=other.token, slug=newest)
    listed = _list(api, owner.token, tag=tag)["articles"]
    assert [(article["favoritesCount"], article["favorited"]) for article in listed] == [(1, False), (2, True)]


def test_feed(api: Conduit, owner: Person, other: Person) -> None:
    """The feed holds the articles of those whom the caller follows, newest first, without bodies, in pages."""
    reader = register(api, "reader")
    author = register(api, "author")
    publish(api, other)
    slugs = _series(api, author, 3, [])
    assert api.ok("GetArticlesFeed", token=reader.token) == {"articles": [], "articlesCount": 0}
    api.ok("FollowUserByUsername", token=reader.token, username=author.username)
    feed = api.ok("GetArticlesFeed", token=reader.token)
    assert (_slugs(feed), feed["articlesCount"]) == (slugs, 3)
    assert all("body" not in article and article["author"]["following"] for article in feed["articles"])
    page = api.ok("GetArticlesFeed", token=reader.token, query={"limit": 1, "offset": 1})
    assert (_slugs(page), page["articlesCount"]) == (slugs[1:2], 3)
    api.ok("UnfollowUserByUsername", token=reader.token, username=author.username)
    assert api.ok("GetArticlesFeed", token=reader.token)["articlesCount"] == 0


def test_feed_of_two_authors(api: Conduit, owner: Person, other: Person) -> None:
    """The articles of several followed authors stand in one order."""
    reader = register(api, "reader")
    for author in (owner, other):
        api.ok("FollowUserByUsername", token=reader.token, username=author.username)
    slugs = [publish(api, author)["slug"] for author in (owner, other, owner)][::-1]
    assert _slugs(api.ok("GetArticlesFeed", token=reader.token, query={"limit": 3})) == slugs


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "-1"}, {"limit": "many"}, {"offset": "-1"}, {"offset": "some"}], ids=str
)
def test_cut_that_makes_no_sense(api: Conduit, query: dict[str, str]) -> None:
    """A limit below 1, a negative offset and words are refused as the document says, with the field's name."""
    answer = api.call("GetArticles", query=query)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == list(query)
