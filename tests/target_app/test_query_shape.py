from collections.abc import Callable

import pytest
from sqlalchemy import select

from target_app.articles.models import articles
from target_app.prepared import Prepared
from target_app.tuning.query_shape import cut
from tests.target_app.app_client import AppClient

Make = Callable[..., AppClient]


def filled(app: AppClient) -> tuple[str, str]:
    """Two users' tokens, after ten articles, favorites and a follow."""
    ann, bob = app.register("ann"), app.register("bob")
    for number in range(10):
        slug = app.publish(ann, f"Title {number}", tagList=[f"tag{number % 3}", "all"][: number % 3])
        if number % 2:
            app.call("POST", f"/api/articles/{slug}/favorite", bob)
    app.call("POST", "/api/profiles/ann/follow", bob)
    return ann, bob


def statements(app: AppClient, path: str, token: str | None) -> float:
    before = app.metric("target_db_statements_total")
    assert app.call("GET", path, token).status_code == 200
    return app.metric("target_db_statements_total") - before


@pytest.mark.parametrize(
    ("shape", "path", "signed_in", "short", "long"),
    [
        ("joined", "/api/articles", False, 1, 1),
        ("joined", "/api/articles", True, 2, 2),
        ("joined", "/api/articles/feed", True, 2, 2),
        ("lazy", "/api/articles", False, 2 + 3, 2 + 3 * 8),
        ("lazy", "/api/articles", True, 3 + 5, 3 + 5 * 8),
        ("lazy", "/api/articles/feed", True, 3 + 5, 3 + 5 * 8),
    ],
)
def test_statements_of_a_list(client: Make, shape: str, path: str, signed_in: bool, short: int, long: int) -> None:
    """A list is one statement (and one for the user) when joined; when lazy, its statements grow with its length."""
    app = client(f"query_shape={shape}")
    _, bob = filled(app)
    token = bob if signed_in else None
    assert statements(app, f"{path}?limit=1", token) == short
    assert statements(app, f"{path}?limit=8", token) == long


def test_both_shapes_answer_alike(client: Make) -> None:
    """The two shapes give the same bytes for lists, the feed and single articles, for anybody."""
    apps = [client("query_shape=joined"), client("query_shape=lazy")]
    ann, bob = filled(apps[0])
    slug = apps[0].call("GET", "/api/articles").json()["articles"][3]["slug"]
    for token in (None, ann, bob):
        for path in (
            "/api/articles?limit=7",
            "/api/articles?offset=8",
            "/api/articles?offset=50",
            f"/api/articles/{slug}",
        ):
            answers = [app.call("GET", path, token).content for app in apps]
            assert answers[0] == answers[1]
    feeds = [app.call("GET", "/api/articles/feed", bob).json() for app in apps]
    assert feeds[0] == feeds[1]
    assert feeds[0]["articlesCount"] == 10
    assert [article["favoritesCount"] for article in feeds[0]["articles"]] == [1, 0] * 5


def test_usual_pages_are_cut_like_any(client: Make) -> None:
    """A page whose numbers stand in its statement has the articles that the same place of a longer page has."""
    app = client()
    ann = app.register("ann")
    for number in range(45):
        app.publish(ann, f"Title {number}", tagList=["all"])
    for query in ("", "&tag=all", "&author=ann&sort=popular"):
        everything = app.call("GET", f"/api/articles?limit=100{query}").json()["articles"]
        assert len(everything) == 45
        for offset in (0, 20, 40, 60):
            page = app.call("GET", f"/api/articles?limit=20&offset={offset}{query}").json()
            assert page == {"articles": everything[offset : offset + 20], "articlesCount": 45}


def test_usual_pages_say_their_size() -> None:
    """Their statements leave neither number open; any other page leaves both."""
    statement = select(articles.c.id)
    assert {"limit", "offset"} == set(Prepared(cut(statement, None)).postgres.names)
    assert not Prepared(cut(statement, (20, 40))).postgres.names
    assert Prepared(cut(statement, (20, 40))).postgres.sql.endswith("LIMIT 20 OFFSET 40")


def test_a_page_beyond_the_end_still_knows_the_count(client: Make) -> None:
    """`articlesCount` is the count before paging, also where the page is empty."""
    app = client()
    filled(app)
    assert app.call("GET", "/api/articles?offset=100").json() == {"articles": [], "articlesCount": 10}
    assert app.call("GET", "/api/articles?author=nobody").json() == {"articles": [], "articlesCount": 0}
