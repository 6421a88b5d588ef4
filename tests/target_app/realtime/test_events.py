"""Who hears what, over both ways."""

import secrets
from typing import Any

import pytest

from tests.target_app.realtime.stage import Read, Stage

BOTH = pytest.mark.parametrize("kind", ["websocket", "sse"])


@pytest.fixture
def author(stage: Stage) -> str:
    return stage.register(f"author{secrets.token_hex(4)}")


@pytest.fixture
def reader(stage: Stage) -> str:
    return stage.register(f"reader{secrets.token_hex(4)}")


def name(stage: Stage, token: str) -> str:
    return str(stage.call("GET", "/api/user", token).json()["user"]["username"])


def follow(stage: Stage, token: str, author: str, method: str = "POST") -> None:
    stage.call(method, f"/api/profiles/{name(stage, author)}/follow", token)


def nothing_before(read: Read, stage: Stage, author: str, slug: str) -> None:
    """The next message is a comment made now: nothing else was on its way."""
    mark = stage.comment(author, slug, "mark")
    message = read()
    assert (message["type"], message["data"]["comment"]["id"]) == ("comment.created", mark), message


@BOTH
def test_comments_on_the_article(stage: Stage, author: str, reader: str, kind: str) -> None:
    """A comment and its deletion are heard by readers of the article, as the API shows them; of others not."""
    slug, other = stage.publish(author), stage.publish(author)
    with stage.listening(kind, reader, slug) as read:
        stage.comment(author, other)
        number = stage.comment(author, slug, "Ä\n")
        message = read()
        assert message["type"] == "comment.created"
        assert message["data"]["slug"] == slug
        assert message["data"]["comment"]["body"] == "Ä\n"
        assert message["data"]["comment"]["id"] == number
        stage.call("DELETE", f"/api/articles/{slug}/comments/{number}", author)
        assert read() == {"type": "comment.deleted", "data": {"slug": slug, "id": number}}


@BOTH
def test_articles_of_followed_authors(stage: Stage, author: str, reader: str, kind: str) -> None:
    """A new article is heard by followers; a draft is not, until it is published."""
    follow(stage, reader, author)
    with stage.listening(kind, reader) as read:
        draft = stage.publish(author, "Draft", draft=True)
        slug = stage.publish(author, "New")
        assert read() == {
            "type": "article.published",
            "data": {"slug": slug, "title": "New", "author": name(stage, author)},
        }
        stage.call("PUT", f"/api/articles/{draft}", author, json={"article": {"draft": False}})
        assert read()["data"]["slug"] == draft


@BOTH
def test_follows_take_effect_while_connected(stage: Stage, author: str, reader: str, kind: str) -> None:
    """Following and unfollowing change what an open connection hears."""
    slug = stage.publish(author)
    with stage.listening(kind, reader, slug) as read:
        stage.publish(author, "Before")
        nothing_before(read, stage, author, slug)
        follow(stage, reader, author)
        stage.publish(author, "While")
        assert read()["data"]["title"] == "While"
        follow(stage, reader, author, "DELETE")
        stage.publish(author, "After")
        nothing_before(read, stage, author, slug)


@BOTH
def test_orders_are_their_buyers_affair(stage: Stage, author: str, reader: str, kind: str) -> None:
    """The buyer hears of the order, and nobody else."""
    slug = stage.publish(author, price=500)
    with stage.listening(kind, reader) as read, stage.listening(kind, author, slug) as authors:
        order: dict[str, Any] = stage.call(
            "POST",
            "/api/orders",
            reader,
            headers={"Idempotency-Key": secrets.token_hex(8)},
            json={"order": {"slug": slug}},
        ).json()["order"]
        message = read()
        while message["data"]["status"] != order["status"]:
            message = read()
        assert message["type"] == "order.updated"
        assert (message["data"]["id"], message["data"]["slug"]) == (order["id"], slug)
        nothing_before(authors, stage, author, slug)


@BOTH
def test_another_users_draft_does_not_exist(stage: Stage, author: str, reader: str, kind: str) -> None:
    """Its author may listen to it; to others it is 404, as is what never was, and nothing stays open."""
    draft = stage.publish(author, "Secret", draft=True)
    with stage.listening(kind, author, draft) as read:
        nothing_before(read, stage, author, draft)
    for slug in (draft, "never-was-1"):
        headers = {"Authorization": f"Token {reader}"}
        answer = stage.client.get("/api/events", params={"article": slug}, headers=headers)
        assert answer.status_code == 404
        assert stage.refused(stage.ticket(reader), slug) == 404


@BOTH
@pytest.mark.parametrize("gone", ["draft", "deleted"])
def test_an_article_that_goes_is_heard_no_more(stage: Stage, author: str, reader: str, kind: str, gone: str) -> None:
    """Once an article is a draft or deleted, its readers hear nothing of it; of others they do."""
    slug, other = stage.publish(author), stage.publish(author)
    with stage.listening(kind, reader, slug, other) as read:
        nothing_before(read, stage, author, slug)
        if gone == "draft":
            stage.call("PUT", f"/api/articles/{slug}", author, json={"article": {"draft": True}})
            stage.comment(author, slug)
        else:
            stage.call("DELETE", f"/api/articles/{slug}", author)
        nothing_before(read, stage, author, other)


def test_articles_are_bounded(stage: Stage, author: str, reader: str) -> None:
    """Twenty articles may be named, not more; a name is bounded too."""
    slug = stage.publish(author)
    assert stage.refused(stage.ticket(reader), *([slug] * 20)) == 101
    assert stage.refused(stage.ticket(reader), *([slug] * 21)) == 422
    assert stage.refused(stage.ticket(reader), "x" * 256) == 422
    assert stage.refused(stage.ticket(reader), "a\0b") == 422


def test_streams_are_timed_to_their_head(stage: Stage, reader: str) -> None:
    """An open stream is counted as answered, and is no request in flight."""
    count = 'target_requests_total{method="GET",route="/api/events",status="200"}'
    with stage.events(reader):
        before = stage.metric(count)
        assert before >= 1
        assert stage.metric("target_requests_in_flight") == 1  # the look itself
    assert stage.metric(count) == before
    assert stage.metric('target_request_duration_seconds_sum{method="GET",route="/api/events"}') < before
