from collections.abc import Callable

import pytest

from tests.target_app.app_client import AppClient

Make = Callable[..., AppClient]


@pytest.mark.parametrize("shape", ["joined", "lazy"])
def test_a_draft_is_in_no_list(client: Make, shape: str) -> None:
    """Not in the list of all, the author's own, the feed, by tag or among favorites; nor are its tags."""
    app = client(f"query_shape={shape}")
    owner, fan = app.register("owner"), app.register("fan")
    app.call("POST", "/api/profiles/owner/follow", fan)
    slug = app.publish(owner, draft=True, tagList=["secret"])
    app.call("POST", f"/api/articles/{slug}/favorite", owner)
    for path in ("/api/articles", "?author=owner", "?tag=secret", "?favorited=owner", "?sort=popular"):
        listed = app.call("GET", path if path.startswith("/") else f"/api/articles{path}", owner).json()
        assert listed == {"articles": [], "articlesCount": 0}, path
    assert app.call("GET", "/api/articles/feed", fan).json() == {"articles": [], "articlesCount": 0}
    assert app.call("GET", "/api/tags").json() == {"tags": []}


def test_publishing_and_hiding_move_an_article_and_its_tags(client: Make) -> None:
    """`draft: false` shows article and tags to all, `draft: true` takes both back, its favorites kept."""
    app = client()
    owner = app.register("owner")
    slug = app.publish(owner, draft=True, tagList=["b", "a"])

    def seen() -> tuple[int, list[str]]:
        return (
            app.call("GET", f"/api/articles/{slug}").status_code,
            sorted(app.call("GET", "/api/tags").json()["tags"]),
        )

    assert seen() == (404, [])
    app.call("PUT", f"/api/articles/{slug}", owner, json={"article": {"draft": False}})
    assert seen() == (200, ["a", "b"])
    app.call("PUT", f"/api/articles/{slug}", owner, json={"article": {"draft": True, "tagList": ["c"]}})
    assert seen() == (404, [])
    app.call("PUT", f"/api/articles/{slug}", owner, json={"article": {"draft": False}})
    assert seen() == (200, ["c"])
    app.call("DELETE", f"/api/articles/{slug}", owner)
    assert seen() == (404, [])


def test_only_drafts_say_that_they_are(client: Make) -> None:
    """The owner's answer carries `draft: true`; a published article has the contract's fields and no other."""
    app = client()
    owner = app.register("owner")
    draft, published = app.publish(owner, draft=True), app.publish(owner)
    assert app.call("GET", f"/api/articles/{draft}", owner).json()["article"]["draft"] is True
    assert "draft" not in app.call("GET", f"/api/articles/{published}", owner).json()["article"]
