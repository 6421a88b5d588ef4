from typing import Any

import orjson
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from target_app.database import transaction
from target_app.transfer.service import LARGEST_PART
from tests.target_app.app_client import AppClient, errors
from tests.target_app.transfer.files import EXPORT, IMPORT, article, exported, importing, parts

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60).filter(
    lambda drawn: not drawn.isspace()
)
#: Texts that YAML takes for something else unless they are quoted.
TRAPS = st.sampled_from(
    ["no", "~", "null", "2024-01-01", "1:30", "0o7", "012", "1e3", ".inf", "<<", "=", "- a", "a: b", "#", "%TAG", "*a",
     "&a", "!!int 5", "---", "...", "'", '"', "\ufeffx", "a\n\n b\n", " a ", "\x85", "\u2028", "\x7f", "\t", "é\r\nx"]
).filter(lambda drawn: not drawn.isspace())  # fmt: skip
ARTICLES = st.lists(
    st.fixed_dictionaries(
        {
            "title": TEXTS | TRAPS,
            "description": TEXTS | TRAPS,
            "body": TEXTS | TRAPS,
            "tagList": st.lists(TEXTS | TRAPS, max_size=4, unique=True),
            "draft": st.booleans(),
            "price": st.integers(0, 10_000_000),
        }
    ),
    min_size=1,
    max_size=4,
)


@given(written=ARTICLES)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_what_was_exported_can_be_imported_again(shared: AppClient, kind: str, written: list[dict[str, Any]]) -> None:
    """Another user who imports the files of an export has the same articles, in the same order."""
    number = next(NUMBERS)
    first, second = (shared.register(f"{name}{number}") for name in ("first", "second"))
    made = importing(shared, first, orjson.dumps({"articles": written}), "application/json")
    assert made.status_code == 201, made.text
    for part in parts(shared, first, kind, limit=3):
        again = importing(shared, second, part.content, part.headers["content-type"])
        assert again.status_code == 201, again.text
    assert exported(shared, first, limit=2) == exported(shared, second) == written


NUMBERS = iter(range(10**6))


@pytest.fixture(scope="module")
def shared(empty: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One app for all examples, which are more than one address may register."""
    path = tmp_path_factory.mktemp("transfer") / "app.db"
    path.write_bytes(empty.read_bytes())
    with AppClient("hardened,password_hash=sha256,rate_limit=off", f"sqlite:///{path}") as app:
        yield app


def test_an_import_is_as_many_creations(either_app: AppClient) -> None:
    """Articles, tags and counts are those that the API would have made; drafts are nobody else's to see."""
    token = either_app.register("ann")
    written = [article(number, draft=number == 1) for number in range(3)]
    made = either_app.call("POST", IMPORT, token, json={"articles": written})
    assert made.status_code == 201
    shown = made.json()["articles"]
    assert [one["slug"] for one in shown] == ["title-0-00001", "title-1-00002", "title-2-00003"]
    listed = either_app.call("GET", "/api/articles").json()
    assert [one["title"] for one in listed["articles"]] == ["Title 2", "Title 0"]
    assert listed["articlesCount"] == 2
    assert either_app.call("GET", "/api/articles?tag=all").json()["articlesCount"] == 2
    assert either_app.call("GET", "/api/tags").json()["tags"] == ["all", "tag0", "tag2"]
    assert either_app.call("GET", "/api/articles/title-1-00002").status_code == 404
    assert either_app.call("GET", "/api/articles/title-1-00002", token).json()["article"]["draft"] is True
    assert exported(either_app, token) == written


def test_the_same_title_twice_is_no_conflict(either_app: AppClient) -> None:
    """As with creations: the slug carries the article's number."""
    token = either_app.register("ann")
    made = either_app.call("POST", IMPORT, token, json={"articles": [article(), article()]})
    assert len({one["slug"] for one in made.json()["articles"]}) == 2


def test_all_or_none(either_app: AppClient) -> None:
    """One article that the API would refuse, and none is made; each fault is named by its place."""
    token = either_app.register("ann")
    faulty = [article(), article(title=" ", tagList=["x", ""]), {"title": "T", "price": True}]
    answer = either_app.call("POST", IMPORT, token, json={"articles": faulty})
    assert answer.status_code == 422
    assert errors(answer) == {
        "articles.1.title": ["can't be blank"],
        "articles.1.tagList": ["can't be blank"],
        "articles.2.description": ["can't be blank"],
        "articles.2.body": ["can't be blank"],
        "articles.2.price": ["is invalid"],
    }
    assert either_app.call("GET", "/api/articles").json()["articlesCount"] == 0
    assert exported(either_app, token) == []


def test_publications_are_told_as_on_creation(either_app: AppClient) -> None:
    """Each article that is published is recorded for the author's webhooks and announced; drafts are not."""
    app = either_app
    token = app.register("ann")
    heard: list[Any] = []
    app.app.state.parts.articles._events._announcers = (heard.append,)
    add_webhook(app)
    written = [article(number, draft=number == 1) for number in range(3)]
    assert app.call("POST", IMPORT, token, json={"articles": written}).status_code == 201
    slugs = ["title-0-00001", "title-2-00003"]
    assert [event.data for event in heard] == [
        {"slug": slug, "title": f"Title {number}", "author": "ann"} for slug, number in zip(slugs, (0, 2), strict=True)
    ]
    delivered = app.call("GET", "/api/webhooks/1/deliveries", token).json()["deliveries"]
    assert [one["type"] for one in delivered] == ["article.published"] * 2
    assert len({one["event"] for one in delivered}) == 2


def add_webhook(app: AppClient) -> None:
    """A webhook of the first user, without asking where its name leads; nothing is delivered."""

    async def add() -> None:
        await app.app.state.parts.background.stop()
        async with transaction(app.app.state.parts.database) as connection:
            await connection.run(
                text(
                    "INSERT INTO webhooks (user_id, url, events, secret, created_at) "
                    "VALUES (1, 'http://a.test/', '[\"article.published\"]', 's', 0)"
                )
            )

    app.run(add())


def test_an_export_is_ones_own(either_app: AppClient) -> None:
    """Another user's articles, drafts or not, are in nobody else's file."""
    ann, ben = either_app.register("ann"), either_app.register("ben")
    either_app.publish(ann, "Ann's")
    either_app.publish(ann, "Ann's draft", draft=True)
    either_app.publish(ben, "Ben's")
    assert [one["title"] for one in exported(either_app, ann)] == ["Ann's", "Ann's draft"]
    assert [one["title"] for one in exported(either_app, ben)] == ["Ben's"]
    assert either_app.call("GET", EXPORT).status_code == 401
    assert either_app.call("POST", IMPORT, json={"articles": [article()]}).status_code == 401


def test_the_parts_of_an_export_are_bounded(either_app: AppClient) -> None:
    """By number and by size; together they are all, and one article that is larger than a part is a part."""
    token = either_app.register("ann")
    long = ["é" * (LARGEST_PART // 3), "x" * (LARGEST_PART // 2), "y" * (LARGEST_PART * 2), "z", "z", "z"]
    for number, body in enumerate(long):
        either_app.publish(token, f"Title {number}", body=body)
    sizes = [len(part.json()["articles"]) for part in parts(either_app, token, limit=2)]
    assert sizes == [2, 1, 2, 1]
    assert [one["body"] for one in exported(either_app, token)] == long
    assert [part.json()["next"] for part in parts(either_app, token)][-1] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=51", "format=xml", "after=-1", f"after={2**63}"])
def test_what_cannot_be_exported(client: Any, query: str) -> None:
    """A query string that cannot be meant names its fault."""
    app = client()
    answer = app.call("GET", f"{EXPORT}?{query}", app.register("ann"))
    assert answer.status_code == 422
    assert list(errors(answer)) == [query.partition("=")[0]]


def test_a_file_is_readable_and_named(client: Any) -> None:
    """YAML that other programs read, offered as a file."""
    app = client()
    token = app.register("ann")
    app.publish(token, "Überschrift", tagList=["no", "2024-01-01"])
    answer = app.call("GET", f"{EXPORT}?format=yaml", token)
    assert answer.headers["content-disposition"] == 'attachment; filename="articles.yaml"'
    assert answer.headers["content-type"] == "application/yaml"
    assert "title: Überschrift" in answer.text
    (read,) = yaml.safe_load(answer.content)["articles"]
    assert read["tagList"] == ["no", "2024-01-01"]


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ({}, "articles"),
        ({"articles": []}, "articles"),
        ({"articles": [article()] * 51}, "articles"),
        ({"articles": {}}, "articles"),
        ({"articles": [5]}, "articles.0"),
        ({"articles": [article(body="x" * 2**20)]}, "articles.0"),
        ([], "body"),
        (None, "body"),
    ],
)
@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_what_is_no_file_of_articles(client: Any, kind: str, content: Any, wrong: str) -> None:
    """Neither too few nor too many, and of the right shape."""
    app = client()
    body = orjson.dumps(content)  # which is YAML too
    answer = importing(app, app.register("ann"), body, f"application/{kind}; charset=utf-8")
    assert answer.status_code == 422
    assert list(errors(answer)) == [wrong]


@pytest.mark.parametrize("media_type", ["application/x-python-pickle", "text/plain", "multipart/form-data", "x"])
def test_other_media_types_are_not_taken(client: Any, media_type: str) -> None:
    """415, whatever the body."""
    app = client()
    answer = importing(app, app.register("ann"), orjson.dumps({"articles": [article()]}), media_type)
    assert answer.status_code == 415
    assert errors(answer) == {"content-type": ["is not taken"]}


def test_a_body_of_no_said_type_is_json(client: Any) -> None:
    """As everywhere in the API."""
    app = client()
    body = orjson.dumps({"articles": [article()]})
    assert app.call("POST", IMPORT, app.register("ann"), content=body).status_code == 201


def test_reading_waits_in_a_bounded_queue(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds it full is told to come back."""
    app = client()
    token = app.register("ann")
    monkeypatch.setattr(app.app.state.parts.uploads.threads, "_limit", 0)
    for answer in (app.call("POST", IMPORT, token, json={"articles": [article()]}), app.call("GET", EXPORT, token)):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert errors(answer) == {"server": ["is busy"]}


def test_transfers_are_counted(client: Any) -> None:
    """Articles by their way, and seconds by what was done."""
    app = client()
    token = app.register("ann")
    app.call("POST", IMPORT, token, json={"articles": [article(), article()]})
    app.call("GET", EXPORT, token)
    assert app.metric('target_articles_transferred_total{way="imported"}') == 2
    assert app.metric('target_articles_transferred_total{way="exported"}') == 2
    assert app.metric('target_upload_seconds_count{kind="import"}') == 1
    assert app.metric("target_upload_queue") == 0
