from collections.abc import Callable

import pytest

from tests.target_app.app_client import AppClient, errors

Make = Callable[..., AppClient]
#: Columns of a list's statement; a UNION must match them.
COLUMNS = 19
TITLE, TAGS, CREATED, UPDATED = 2, 5, 8, 9


@pytest.fixture
def scene(client: Make) -> Callable[[str], AppClient]:
    """An app with a published article and a draft, at a level of sql."""

    def make(level: str) -> AppClient:
        app = client(f"sql={level}")
        if app.log_in("o'hara").status_code != 200:
            token = app.register("o'hara")
            app.publish(token, "Public", tagList=["it's", "a:b"])
            app.publish(token, "Private", draft=True, tagList=["hidden"])
        return app

    return make


def titles(app: AppClient, **query: str) -> list[str] | int:
    answer = app.call("GET", "/api/articles", params=query)
    return [article["title"] for article in answer.json()["articles"]] if answer.status_code == 200 else 500


@pytest.mark.parametrize("filter_", ["author", "tag", "favorited"])
def test_bound_values_are_values(scene: Callable[[str], AppClient], filter_: str) -> None:
    """Quotes, conditions and unions in a filter find nothing and break nothing."""
    app = scene("bound")
    for value in ("'", "''", "x' OR '1'='1", "x') OR ('1'='1", "x' UNION SELECT 1 -- ", ":a", "%", "\\"):
        assert titles(app, **{filter_: value}) == []


def test_bound_filters_find_values_with_quotes(scene: Callable[[str], AppClient]) -> None:
    """A name with a quote in it is a name like any other."""
    app = scene("bound")
    assert titles(app, author="o'hara") == titles(app, tag="it's") == titles(app, tag="a:b") == ["Public"]


def test_an_order_that_is_not_offered_is_refused(scene: Callable[[str], AppClient]) -> None:
    """`sort` takes one of two words."""
    answer = scene("bound").call("GET", "/api/articles?sort=title")
    assert answer.status_code == 422
    assert errors(answer) == {"sort": ["is invalid"]}


@pytest.mark.parametrize(("filter_", "close"), [("author", "'"), ("tag", "'"), ("favorited", "')")])
def test_string_built_filters_are_injectable(scene: Callable[[str], AppClient], filter_: str, close: str) -> None:
    """A condition decides what is listed, drafts too; a lone quote fails; a UNION shows a row of its own."""
    app = scene("string_built")
    tail = " -- "
    assert set(titles(app, **{filter_: f"x{close} OR 7=7{tail}"}) or []) == {"Public", "Private"}  # type: ignore[arg-type]  # it is a list here
    assert titles(app, **{filter_: f"x{close} OR 7=8{tail}"}) == []
    assert titles(app, **{filter_: "'"}) == 500
    assert titles(app, **{filter_: "''"}) == []
    row = dict.fromkeys(range(COLUMNS), "'1'") | {TITLE: "'marker'", TAGS: "'[]'", CREATED: "1", UPDATED: "1"}
    assert titles(app, **{filter_: f"x{close} UNION SELECT {','.join(row.values())}{tail}"}) == ["marker"]


def test_string_built_order_is_injectable(scene: Callable[[str], AppClient]) -> None:
    """Whatever stands in `sort` is SQL."""
    app = scene("string_built")
    assert titles(app, sort="(SELECT articles.title)") == ["Public"]
    assert titles(app, sort="no_such_column") == 500


@pytest.mark.parametrize("shape", ["joined", "lazy"])
def test_both_levels_list_the_same(client: Make, shape: str) -> None:
    """For harmless values the two levels answer byte for byte alike, whatever the filters and the order."""
    apps = [client(f"sql={level},query_shape={shape}") for level in ("bound", "string_built")]
    ann, bob = apps[0].register("ann"), apps[0].register("bob")
    for number in range(6):
        slug = apps[0].publish([ann, bob][number % 2], f"Title {number}", tagList=["even", "odd"][: number % 3])
        if number % 2:
            apps[0].call("POST", f"/api/articles/{slug}/favorite", ann)
    queries = ["", "?sort=popular", "?tag=even", "?author=bob&tag=odd", "?favorited=ann&limit=2&offset=1", "?offset=9"]
    for query in queries:
        answers = [app.call("GET", f"/api/articles{query}", bob) for app in apps]
        assert answers[0].content == answers[1].content, query
        assert answers[0].status_code == 200
