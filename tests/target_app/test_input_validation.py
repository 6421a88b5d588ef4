import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from target_app.articles.schemas import ArticleUpdateBody, NewArticleBody
from tests.target_app.app_client import AppClient

Make = Callable[..., AppClient]

ARTICLE = {"title": "Title", "description": "About", "body": "Text"}
levels = pytest.mark.parametrize("level", ["full", "trusted_construct"])


@levels
def test_an_honest_body_is_read_alike(client: Make, level: str) -> None:
    """Both levels give the same fields, defaults, and the same word on what was given and what was not."""
    read = client(f"input_validation={level}").app.state.parts.validation.read
    new = read(orjson.dumps({"article": {**ARTICLE, "tagList": ["a"]}}), NewArticleBody).article
    assert (new.title, new.tagList, new.draft, new.price) == ("Title", ["a"], False, 0)
    assert new.model_dump() == {**ARTICLE, "tagList": ["a"], "draft": False, "price": 0}
    update = read(b'{"article": {"body": "New"}}', ArticleUpdateBody).article
    assert update.model_dump(exclude_unset=True) == {"body": "New"}


@levels
def test_an_honest_client_is_served_alike(client: Make, level: str) -> None:
    """An account, an article, a comment and an update of each do the same at both levels."""
    app = client(f"input_validation={level}")
    token = app.register("ann")
    slug = app.publish(token, tagList=["tea", "rain"])
    comment = app.call("POST", f"/api/articles/{slug}/comments", token, json={"comment": {"body": "Well said"}})
    changed = app.call("PUT", f"/api/articles/{slug}", token, json={"article": {"body": "New"}})
    user = app.call("PUT", "/api/user", token, json={"user": {"bio": "Writes"}})
    assert comment.json()["comment"]["body"] == "Well said"
    assert (changed.json()["article"]["body"], changed.json()["article"]["tagList"]) == ("New", ["tea", "rain"])
    assert user.json()["user"]["bio"] == "Writes"
    assert app.log_in("ann").status_code == 200


@levels
def test_types_and_values_are_looked_at(client: Make, level: str) -> None:
    """A price that is true, a number for a text, a price below zero: refused, or kept where bodies are trusted."""
    app = client(f"input_validation={level}")
    token = app.register("ann")
    sent: list[dict[str, Any]] = [{"price": True}, {"description": 5}, {"price": -500}]
    answers = [app.call("POST", "/api/articles", token, json={"article": ARTICLE | one}) for one in sent]
    if level == "full":
        assert [answer.status_code for answer in answers] == [422] * 3
    else:
        kept = [answer.json()["article"] for answer in answers]
        assert (kept[0]["price"], kept[1]["description"], kept[2]["price"]) == (1, "5", -500)


@levels
def test_fields_that_nobody_declares(client: Make, level: str) -> None:
    """A role sent along makes an admin where bodies are trusted, though mass_assignment takes declared fields alone."""
    app = client(f"input_validation={level},mass_assignment=declared_only")
    user = {"username": "ann", "email": "ann@example.test", "password": "a-long-enough-password", "role": "admin"}
    token = app.call("POST", "/api/users", json={"user": user}).json()["user"]["token"]
    status = app.call("GET", "/api/admin/audit", token).status_code
    assert status == (403 if level == "full" else 200)


@levels
def test_what_is_no_json_is_refused(client: Make, level: str) -> None:
    """At both levels, in the contract's words."""
    app = client(f"input_validation={level}")
    token = app.register("ann")
    for body in (b"", b"{", b"\xff"):
        assert app.call("POST", "/api/articles", token, content=body).status_code == 422


@levels
def test_another_shape_fails_where_bodies_are_trusted(client: Make, level: str) -> None:
    """A body without its envelope, or with a text in place of it: refused, or an unexpected failure."""
    app = client(f"input_validation={level}")
    token = app.register("ann")
    bodies: list[Any] = [{}, [], {"article": "text"}, {"article": {}}]
    statuses = {app.call("POST", "/api/articles", token, json=body).status_code for body in bodies}
    assert statuses == {422 if level == "full" else 500}


def test_the_trap_has_its_gain(client: Make) -> None:
    """A trusted body of nine kilobytes takes less than three quarters of the CPU time of a validated one."""
    body = orjson.dumps({"article": {**ARTICLE, "body": "Words " * 1500}})
    parts = [client(f"input_validation={level}").app.state.parts for level in ("trusted_construct", "full")]
    trusted, full = (min(seconds(part.validation.read, body) for _ in range(20)) for part in parts)
    assert trusted < 0.75 * full


def seconds(read: Callable[..., Any], body: bytes) -> float:
    """CPU time of fifty readings."""
    began = time.process_time()
    for _ in range(50):
        read(body, NewArticleBody)
    return time.process_time() - began
