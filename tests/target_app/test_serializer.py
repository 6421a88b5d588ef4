import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from target_app.articles.schemas import ArticlesAnswer, TagsAnswer
from target_app.controls.response_fields import Declared, WholeRow
from target_app.tuning.serializer import Bytes, ResponseModel
from target_app.webhooks.schemas import WebhooksAnswer
from tests.target_app.app_client import AppClient

Make = Callable[..., AppClient]

AUTHOR = {"username": "ann", "bio": None, "image": "/ä.webp", "following": False}
ARTICLE = {
    "slug": "tea-00001",
    "title": "Tea “and” rain",
    "description": "",
    "tagList": orjson.Fragment('["tea","räin"]'),
    "createdAt": "2026-01-01T00:00:00.000Z",
    "updatedAt": "2026-01-01T00:00:00.000Z",
    "favorited": True,
    "favoritesCount": 3,
    "author": AUTHOR,
}
#: What levels build from; these build from nothing.
KIT: Any = None


def written(app: AppClient) -> Iterator[tuple[str, str]]:
    """Write what answers can show, and name what shows it: a path, and the token of who may ask."""
    ann, bob = app.register("ann"), app.register("bob")
    slugs = [app.publish(ann, "One", tagList=["tea", "ä"]), app.publish(ann, "Two", price=500)]
    slugs.append(app.publish(ann, "Three", draft=True, tagList=["rain"]))
    app.call("POST", f"/api/articles/{slugs[0]}/comments", bob, json={"comment": {"body": "Well said"}})
    app.call("POST", "/api/profiles/ann/follow", bob)
    app.call("POST", f"/api/articles/{slugs[1]}/favorite", bob)
    coupon = {"code": "HALF", "slug": slugs[1], "percentOff": 50, "uses": 2}
    assert app.call("POST", "/api/coupons", ann, json={"coupon": coupon}).status_code == 201
    yield from ((f"/api/articles/{slug}", ann) for slug in slugs)
    yield f"/api/articles/{slugs[1]}", bob
    for path in ("/api/tags", "/api/articles", "/api/articles/feed", f"/api/articles/{slugs[0]}/comments"):
        yield path, bob
    for path in ("/api/profiles/ann", "/api/orders", "/api/balance", "/api/balance/entries", "/api/coupons"):
        yield path, ann
    yield "/api/webhooks", ann


def test_levels_write_the_same_bytes(client: Make) -> None:
    """What one server wrote two others answer byte for byte alike: through models, and as declared."""
    modelled, plain = client("serializer=response_model"), client("serializer=bytes_from_declared")
    for path, token in written(modelled):
        answers = [app.call("GET", path, token) for app in (modelled, plain)]
        assert [answer.status_code for answer in answers] == [200, 200], path
        assert answers[0].content == answers[1].content, path
        assert answers[0].headers == answers[1].headers, path


@pytest.mark.parametrize("level", ["response_model", "bytes_from_declared", "raw_row"])
def test_only_raw_rows_carry_secrets(client: Make, level: str) -> None:
    """What an answer says of a user is what is declared, but where the row itself is written."""
    app = client(f"serializer={level}")
    token = app.register("ann")
    app.publish(token)
    shown = [
        app.call("GET", "/api/user", token).json()["user"],
        app.call("GET", "/api/profiles/ann").json()["profile"],
        app.call("GET", "/api/articles").json()["articles"][0]["author"],
    ]
    assert ["password_hash" in one for one in shown] == [level == "raw_row"] * 3


def test_a_model_holds_answers_to_what_is_declared() -> None:
    """It refuses other types and leaves out what is not declared, but what response_fields lets through of a user."""
    modelled, open_ = ResponseModel(Declared(KIT)), ResponseModel(WholeRow(KIT))
    page = {"articles": [ARTICLE | {"author": AUTHOR | {"email": "a@b.c"}, "more": 1}], "articlesCount": 1}
    assert orjson.loads(modelled.encoded(page, ArticlesAnswer)) == read({"articles": [ARTICLE], "articlesCount": 1})
    (let_through,) = orjson.loads(open_.encoded(page, ArticlesAnswer))["articles"]
    assert let_through["author"] == AUTHOR | {"email": "a@b.c"}
    assert "more" not in let_through
    with pytest.raises(ValidationError):
        modelled.encoded({"tags": [None]}, TagsAnswer)


def test_a_stored_list_is_written_as_it_stands() -> None:
    """The events of a webhook, too, stand in the answer as they are stored."""
    webhook = {"id": 1, "url": "http://there.test/", "events": orjson.Fragment('["order.updated"]'), "createdAt": ""}
    content = {"webhooks": [webhook]}
    plain, modelled = (level(Declared(KIT)).encoded(content, WebhooksAnswer) for level in (Bytes, ResponseModel))
    assert plain == modelled


def test_declared_bytes_are_cheaper() -> None:
    """A page of twenty articles takes less than half of the CPU time that models take for the same bytes."""
    page = {"articles": [ARTICLE] * 20, "articlesCount": 20}
    plain, modelled = Bytes(Declared(KIT)), ResponseModel(Declared(KIT))
    assert plain.encoded(page, ArticlesAnswer) == modelled.encoded(page, ArticlesAnswer)
    shortest = [min(seconds(one.encoded, page) for _ in range(20)) for one in (plain, modelled)]
    assert shortest[0] < 0.5 * shortest[1]


def test_an_answer_that_its_model_refuses_is_undone(client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an unexpected failure, and nothing of its request stays."""
    app = client()
    token = app.register("ann")
    with monkeypatch.context() as patched:
        patched.setattr("target_app.articles.rows.moment", lambda _at: None)
        article = {"title": "Title", "description": "About", "body": "Text"}
        assert app.call("POST", "/api/articles", token, json={"article": article}).status_code == 500
    assert app.call("GET", "/api/articles").json() == {"articles": [], "articlesCount": 0}


def read(content: Any) -> Any:
    """Content as a client reads it."""
    return orjson.loads(orjson.dumps(content))


def seconds(encoded: Callable[..., bytes], page: Any) -> float:
    """CPU time of twenty pages."""
    began = time.process_time()
    for _ in range(20):
        encoded(page, ArticlesAnswer)
    return time.process_time() - began
