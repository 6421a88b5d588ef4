"""One article: create, read, update, delete, favourite."""

import re
import time
from typing import Any, Final

import pytest

from tests.target_app.contract.conduit import Conduit, unique
from tests.target_app.contract.scene import Person, publish, say

MILLISECONDS_UTC: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")


def _get(api: Conduit, slug: str, token: str | None = None) -> dict[str, Any]:
    article: dict[str, Any] = api.ok("GetArticle", slug=slug, token=token)["article"]
    return article


def _put(api: Conduit, person: Person, slug: str, **fields: Any) -> dict[str, Any]:
    article: dict[str, Any] = api.ok("UpdateArticle", token=person.token, slug=slug, json={"article": fields})[
        "article"
    ]
    return article


def test_create(api: Conduit, owner: Person) -> None:
    """Creation answers 201 with the article as given, its author, and no favourite."""
    sent = {"title": unique("Creation "), "description": "About", "body": "# All", "tagList": ["one", "two"]}
    answer = api.call("CreateArticle", token=owner.token, json={"article": sent})
    assert answer.status_code == 201
    article = answer.json()["article"]
    assert {name: article[name] for name in ("title", "description", "body")} == {
        name: sent[name] for name in ("title", "description", "body")
    }
    assert sorted(article["tagList"]) == ["one", "two"]
    assert article["author"]["username"] == owner.username
    assert (article["favorited"], article["favoritesCount"]) == (False, 0)


def test_create_without_tags(api: Conduit, owner: Person) -> None:
    """An article may come without tags."""
    assert publish(api, owner)["tagList"] == []


def test_read_is_what_was_created(api: Conduit, owner: Person) -> None:
    """Anyone reads the article as its author's creation answered it."""
    created = publish(api, owner, tagList=["a", "b"])
    assert _get(api, created["slug"]) == created
    assert _get(api, created["slug"], owner.token) == created


def test_text_survives(api: Conduit, owner: Person) -> None:
    """Quotes, markup, other scripts and emoji come back as they went in."""
    text = 'O\'Reilly "said" <b>100 %</b>; -- Ω 漢字 🦊\n\tnew line \\ end'
    tag = unique("étiquette ")
    created = publish(api, owner, title=f"標題 {unique('')} '", description=text, body=text, tagList=[tag])
    article = _get(api, created["slug"])
    assert (article["description"], article["body"], article["tagList"]) == (text, text, [tag])


def test_duplicate_titles(api: Conduit, owner: Person, other: Person) -> None:
    """Titles may repeat, one's own and another's; each article has a slug of its own."""
    title = unique("The same ")
    articles = [publish(api, person, title=title, body=f"body {n}") for n, person in enumerate((owner, owner, other))]
    assert len({article["slug"] for article in articles}) == 3
    assert [_get(api, article["slug"])["body"] for article in articles] == ["body 0", "body 1", "body 2"]


def test_title_without_letters_of_a_slug(api: Conduit, owner: Person) -> None:
    """A title of which nothing fits a slug still gives an article that can be read, twice."""
    slugs = [publish(api, owner, title="漢字")["slug"] for _ in range(2)]
    assert len(set(slugs)) == 2
    assert [_get(api, slug)["title"] for slug in slugs] == ["漢字", "漢字"]


@pytest.mark.parametrize("name", ["title", "description", "body"])
def test_update_changes_that_field_alone(api: Conduit, owner: Person, name: str) -> None:
    """An update changes the field it names, keeps the others, and the article reads the same afterwards."""
    before = publish(api, owner, tagList=["kept"])
    answer = api.call("UpdateArticle", token=owner.token, slug=before["slug"], json={"article": {name: "Changed"}})
    assert answer.status_code == 200
    after = answer.json()["article"]
    same = {"title", "description", "body", "tagList", "createdAt", "author"} - {name}
    assert after[name] == "Changed"
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    assert _get(api, after["slug"]) == after


def test_update_of_another_field_keeps_the_slug(api: Conduit, owner: Person) -> None:
    """A change of the body does not move the article."""
    slug = publish(api, owner)["slug"]
    assert _put(api, owner, slug, body="Changed")["slug"] == slug


@pytest.mark.parametrize(
    ("fields", "tags"),
    [({"body": "New"}, ["a", "b"]), ({"tagList": []}, []), ({"tagList": ["b", "c"]}, ["b", "c"])],
    ids=["left_out", "empty", "replaced"],
)
def test_update_of_tags(api: Conduit, owner: Person, fields: dict[str, Any], tags: list[str]) -> None:
    """A tagList left out keeps the tags, `[]` removes them all, another one takes their place."""
    slug = publish(api, owner, tagList=["a", "b"])["slug"]
    assert sorted(_put(api, owner, slug, **fields)["tagList"]) == tags
    assert sorted(_get(api, slug)["tagList"]) == tags


def test_times(api: Conduit, owner: Person) -> None:
    """Times are ISO 8601 with milliseconds in UTC; an update moves `updatedAt` alone."""
    before = publish(api, owner)
    time.sleep(0.005)
    after = _put(api, owner, before["slug"], body="Later")
    times = [article[name] for article in (before, after) for name in ("createdAt", "updatedAt")]
    assert all(MILLISECONDS_UTC.fullmatch(moment) for moment in times), times
    assert after["createdAt"] == before["createdAt"]
    assert after["updatedAt"] > before["updatedAt"]


def test_delete(api: Conduit, owner: Person) -> None:
    """Deletion answers 204 without a body, and the article is gone, with what was below it."""
    slug = publish(api, owner, tagList=["gone"])["slug"]
    say(api, owner, slug)
    api.ok("CreateArticleFavorite", token=owner.token, slug=slug)
    assert api.call("DeleteArticle", token=owner.token, slug=slug).status_code == 204
    assert api.call("GetArticle", slug=slug).status_code == 404
    assert api.call("GetArticleComments", slug=slug).status_code == 404
    assert api.call("DeleteArticle", token=owner.token, slug=slug).status_code == 404


def test_favorite_and_unfavorite(api: Conduit, owner: Person, other: Person) -> None:
    """Both answer 200 with the article; the count follows each user once, and `favorited` is the caller's own."""
    slug = publish(api, owner)["slug"]
    first = api.call("CreateArticleFavorite", token=other.token, slug=slug)
    assert first.status_code == 200
    assert (first.json()["article"]["favorited"], first.json()["article"]["favoritesCount"]) == (True, 1)
    again = api.ok("CreateArticleFavorite", token=other.token, slug=slug)["article"]
    assert (again["favorited"], again["favoritesCount"]) == (True, 1)
    second = api.ok("CreateArticleFavorite", token=owner.token, slug=slug)["article"]
    assert second["favoritesCount"] == 2
    left = api.call("DeleteArticleFavorite", token=other.token, slug=slug)
    assert left.status_code == 200
    assert (left.json()["article"]["favorited"], left.json()["article"]["favoritesCount"]) == (False, 1)


def test_favorited_depends_on_who_asks(api: Conduit, owner: Person, other: Person) -> None:
    """With a token `favorited` is that user's; without one it is false; the count is the same for all."""
    slug = publish(api, owner)["slug"]
    api.ok("CreateArticleFavorite", token=other.token, slug=slug)
    seen = [_get(api, slug, token) for token in (None, owner.token, other.token)]
    assert [article["favorited"] for article in seen] == [False, False, True]
    assert [article["favoritesCount"] for article in seen] == [1, 1, 1]


def test_unfavorite_what_was_none(api: Conduit, owner: Person, other: Person) -> None:
    """Taking back what was never given leaves the count at zero."""
    slug = publish(api, owner)["slug"]
    article = api.ok("DeleteArticleFavorite", token=other.token, slug=slug)["article"]
    assert (article["favorited"], article["favoritesCount"]) == (False, 0)


def test_author_is_followed(api: Conduit, owner: Person, other: Person) -> None:
    """`following` of an article's author is the caller's own, in the article and in a list."""
    tag = unique("followed")
    slug = publish(api, owner, tagList=[tag])["slug"]
    api.ok("FollowUserByUsername", token=other.token, username=owner.username)
    try:
        assert [_get(api, slug, token)["author"]["following"] for token in (None, other.token)] == [False, True]
        (listed,) = api.ok("GetArticles", token=other.token, query={"tag": tag})["articles"]
        assert listed["author"]["following"] is True
    finally:
        api.ok("UnfollowUserByUsername", token=other.token, username=owner.username)


def test_tags(api: Conduit, owner: Person) -> None:
    """The tags of articles show in the list of tags, each once."""
    tag = unique("listed")
    for _ in range(2):
        publish(api, owner, tagList=[tag])
    assert api.ok("GetTags")["tags"].count(tag) == 1


def test_tags_with_a_token(api: Conduit, owner: Person) -> None:
    """The tags are the same with a token."""
    assert sorted(api.ok("GetTags", token=owner.token)["tags"]) == sorted(api.ok("GetTags")["tags"])
