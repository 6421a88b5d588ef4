"""Drafts: articles that only their owner sees. How they are refused to others stands in refusals.py."""

from typing import Any

import pytest

from tests.target_app.contract.conduit import Conduit, unique
from tests.target_app.contract.conftest import Served
from tests.target_app.contract.refusals import FOREIGN_DRAFT
from tests.target_app.contract.scene import Person, publish, register


def _draft(api: Conduit, person: Person, slug: str, draft: bool) -> None:
    api.ok("UpdateArticle", token=person.token, slug=slug, json={"article": {"draft": draft}})


def _listed(api: Conduit, token: str | None, **query: Any) -> tuple[list[str], int]:
    answer = api.ok("GetArticles", token=token, query=query)
    return [article["slug"] for article in answer["articles"]], answer["articlesCount"]


def test_owner_reads_a_draft(api: Conduit, owner: Person) -> None:
    """Its owner reads a draft as it was created."""
    draft = publish(api, owner, draft=True)
    assert api.ok("GetArticle", slug=draft["slug"], token=owner.token)["article"] == draft


def test_owner_changes_and_deletes_a_draft(api: Conduit, owner: Person) -> None:
    """Its owner changes and deletes a draft like any article, and it stays a draft."""
    slug = publish(api, owner, draft=True)["slug"]
    change = {"article": {"body": "Better"}}
    assert api.ok("UpdateArticle", token=owner.token, slug=slug, json=change)["article"]["body"] == "Better"
    assert slug not in _listed(api, None)[0]
    assert api.call("DeleteArticle", token=owner.token, slug=slug).status_code == 204
    assert api.call("GetArticle", token=owner.token, slug=slug).status_code == 404


@pytest.mark.parametrize("who", ["nobody", "other", "owner"])
def test_no_list_shows_a_draft(api: Conduit, owner: Person, other: Person, who: str) -> None:
    """A draft stands in no list and is in no count, also for its owner."""
    tag = unique("hidden")
    token = {"nobody": None, "other": other.token, "owner": owner.token}[who]
    published = publish(api, owner, tagList=[tag])["slug"]
    draft = publish(api, owner, tagList=[tag], draft=True)["slug"]
    assert _listed(api, token, tag=tag) == ([published], 1)
    assert draft not in _listed(api, token, author=owner.username)[0]
    assert draft not in _listed(api, token)[0]


def test_no_favorites_show_a_draft(api: Conduit) -> None:
    """An article that its author favoured leaves that list, too, when it becomes a draft."""
    author = register(api, "author")
    slug = publish(api, author)["slug"]
    api.ok("CreateArticleFavorite", token=author.token, slug=slug)
    assert _listed(api, None, favorited=author.username) == ([slug], 1)
    _draft(api, author, slug, True)
    assert _listed(api, None, favorited=author.username) == ([], 0)


def test_no_feed_shows_a_draft(api: Conduit, owner: Person) -> None:
    """A follower's feed leaves drafts out, and has the article as soon as it is published."""
    reader, author = register(api, "reader"), register(api, "author")
    api.ok("FollowUserByUsername", token=reader.token, username=author.username)
    slug = publish(api, author, draft=True)["slug"]
    assert api.ok("GetArticlesFeed", token=reader.token)["articlesCount"] == 0
    _draft(api, author, slug, False)
    (article,) = api.ok("GetArticlesFeed", token=reader.token)["articles"]
    assert article["slug"] == slug


def test_publishing(api: Conduit, owner: Person) -> None:
    """`draft: false` at an update puts the article into the lists, `draft: true` takes it out again."""
    tag = unique("published")
    slug = publish(api, owner, tagList=[tag], draft=True)["slug"]
    for draft, listed in ((False, ([slug], 1)), (True, ([], 0)), (False, ([slug], 1))):
        _draft(api, owner, slug, draft)
        assert _listed(api, None, tag=tag) == listed


def test_hidden_by_update(served: Served, owner: Person, other: Person, request: pytest.FixtureRequest) -> None:
    """An article that becomes a draft by an update is refused to others like one that was created so."""
    served.excuse(FOREIGN_DRAFT, request)
    slug = publish(served.api, owner)["slug"]
    _draft(served.api, owner, slug, True)
    assert [served.api.call("GetArticle", slug=slug, token=token).status_code for token in (None, other.token)] == [
        404,
        404,
    ]


def test_published_unless_told(api: Conduit, owner: Person) -> None:
    """An article is published when nothing is said, or `draft: false`."""
    for fields in ({}, {"draft": False}):
        assert api.call("GetArticle", slug=publish(api, owner, **fields)["slug"]).status_code == 200
