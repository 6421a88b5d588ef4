"""Webhooks as their owners manage them."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from tests.parts.stranger import NamesFile, Stranger
from tests.target_app.app_client import AppClient, errors
from tests.target_app.webhooks.desk import ALL, URL, Desk

Make = Callable[..., AppClient]


def test_a_webhook_shows_its_secret_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """At its creation: no other answer has it, nor does a log or a metric."""
    caplog.set_level(logging.DEBUG)
    made = desk.create(events=["order.updated", "comment.created", "order.updated"])
    secret = made.pop("secret")
    assert len(bytes.fromhex(secret)) == 32
    assert made["events"] == ["order.updated", "comment.created"]
    desk.comment()
    desk.deliver()
    one = f"/api/webhooks/{made['id']}"
    assert desk.app.call("GET", one, desk.author).json() == {"webhook": made}
    assert desk.app.call("GET", "/api/webhooks", desk.author).json() == {"webhooks": [made]}
    said = [desk.app.call("GET", path, desk.author).text for path in (one, f"{one}/deliveries", "/metrics")]
    assert secret not in "".join([*said, caplog.text])


@pytest.mark.parametrize(
    "events", [[], ["comment"], ["comment.created", "x"], "comment.created", None, ["comment.created"] * 21]
)
def test_events_are_chosen_from_those_that_there_are(client: Make, events: object) -> None:
    """At least one."""
    app = client()
    body = {"webhook": {"url": "http://8.8.8.8/", "events": events}}
    answer = app.call("POST", "/api/webhooks", app.register("ann"), json=body)
    assert (answer.status_code, list(errors(answer))) == (422, ["events"])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "[::1]", "localhost", "10.0.0.1", "u@8.8.8.8"])
def test_an_internal_address_is_refused_at_the_creation(client: Make, host: str) -> None:
    """By its text, or by where its name leads."""
    app = client()
    body = {"webhook": {"url": f"http://{host}/", "events": ALL}}
    answer = app.call("POST", "/api/webhooks", app.register("ann"), json=body)
    assert (answer.status_code, errors(answer)) == (422, {"url": ["is not allowed"]})


def test_ten_are_allowed(desk: Desk) -> None:
    """For each user; one that is deleted makes room."""
    made = [desk.create() for _ in range(10)]
    answer = desk.creating()
    assert (answer.status_code, errors(answer)) == (409, {"webhook": ["is one more than 10"]})
    desk.create(token=desk.reader)
    assert desk.app.call("DELETE", f"/api/webhooks/{made[3]['id']}", desk.author).status_code == 204
    desk.create()
    assert desk.creating().status_code == 409


def test_ten_are_allowed_however_many_are_made_at_once(desk: Desk) -> None:
    """Twenty-five requests at the same moment make ten."""

    async def at_once() -> list[int]:
        body = {"webhook": {"url": URL, "events": ALL}}
        sent = [desk.app.send("POST", "/api/webhooks", desk.author, "127.0.0.9", {}, json=body) for _ in range(25)]
        return [answer.status_code for answer in await asyncio.gather(*sent)]

    assert sorted(desk.app.run(at_once())) == [201] * 10 + [409] * 15


def test_a_strangers_webhook_does_not_exist(desk: Desk) -> None:
    """Nor do its deliveries."""
    webhook = desk.create()
    desk.comment()
    (delivery,) = desk.deliveries(webhook)
    one = f"/api/webhooks/{webhook['id']}"
    for method, path in (
        ("GET", one), ("DELETE", one), ("GET", f"{one}/deliveries"),
        ("POST", f"{one}/deliveries/{delivery['id']}/retry"),
    ):  # fmt: skip
        assert desk.app.call(method, path, desk.reader).status_code == 404, path
        assert desk.app.call(method, path).status_code == 401, path
    assert desk.app.call("GET", "/api/webhooks", desk.reader).json() == {"webhooks": []}
    assert desk.app.call("GET", one, desk.author).status_code == 200


def test_a_delivery_belongs_to_one_webhook(desk: Desk) -> None:
    """Under another one of the same owner it does not exist."""
    first = desk.create()
    desk.comment()
    second = desk.create()
    (delivery,) = desk.deliveries(first)
    path = f"/api/webhooks/{second['id']}/deliveries/{delivery['id']}/retry"
    assert desk.app.call("POST", path, desk.author).status_code == 404


def test_deleting_a_webhook_deletes_its_deliveries(desk: Desk) -> None:
    """Nothing more is sent to it."""
    webhook = desk.create()
    desk.comment()
    assert desk.app.call("DELETE", f"/api/webhooks/{webhook['id']}", desk.author).status_code == 204
    desk.deliver()
    assert desk.receiver.heard == []
    assert desk.app.call("GET", f"/api/webhooks/{webhook['id']}/deliveries", desk.author).status_code == 404


def test_deliveries_are_listed_by_status_and_page(desk: Desk) -> None:
    """The newest first, with the count of the whole list."""
    webhook = desk.create()
    for _ in range(3):
        desk.comment()
    desk.deliver()
    for _ in range(2):
        desk.comment()
    assert [one["status"] for one in desk.deliveries(webhook)] == ["pending"] * 2 + ["delivered"] * 3
    assert len(desk.deliveries(webhook, status="delivered")) == 3
    assert desk.deliveries(webhook, status="dead") == []
    path = f"/api/webhooks/{webhook['id']}/deliveries"
    for query, found, count in (({"limit": 2, "offset": 4}, 1, 5), ({"offset": 9, "status": "pending"}, 0, 2)):
        page = desk.app.call("GET", path, desk.author, params=query).json()
        assert (len(page["deliveries"]), page["deliveriesCount"]) == (found, count)
    assert desk.app.call("GET", path, desk.author, params={"status": "lost"}).status_code == 422


def test_an_event_is_recorded_in_its_own_transaction(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is undone is not told of."""
    webhook = desk.create()

    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError

    recorders = desk.app.app.state.parts.articles._events._recorders
    assert len(recorders) == 1
    with monkeypatch.context() as broken:
        broken.setattr("target_app.comments.service.CommentService._shown", fail)
        path = f"/api/articles/{desk.slug}/comments"
        assert desk.app.call("POST", path, desk.reader, json={"comment": {"body": "x"}}).status_code == 500
    with monkeypatch.context() as broken:
        broken.setattr("target_app.articles.service.detail", fail)
        body = {"article": {"title": "T", "description": "d", "body": "b"}}
        assert desk.app.call("POST", "/api/articles", desk.author, json=body).status_code == 500
    assert desk.deliveries(webhook) == []


def test_only_chosen_events_of_ones_own_articles_are_recorded(desk: Desk) -> None:
    """By type, and by whose they are."""
    published = desk.create(events=["article.published"])
    both = desk.create(events=["comment.created", "comment.deleted"])
    others = desk.create(token=desk.reader)
    comment = desk.comment()
    path = f"/api/articles/{desk.slug}/comments/{comment['id']}"
    assert desk.app.call("DELETE", path, desk.reader).status_code == 204
    desk.app.publish(desk.author, "Another")
    desk.app.publish(desk.author, "Draft", draft=True)
    assert [one["type"] for one in desk.deliveries(published)] == ["article.published"]
    assert [one["type"] for one in desk.deliveries(both)] == ["comment.deleted", "comment.created"]
    found = desk.app.call("GET", f"/api/webhooks/{others['id']}/deliveries", desk.reader).json()
    assert found["deliveriesCount"] == 0


def test_a_name_that_leads_nowhere_is_refused(client: Make, names: NamesFile, receiver: Stranger) -> None:
    """A mistyped host is noticed at once."""
    app = client(resolver_file=names.path)
    body = {"webhook": {"url": "http://reciever.test/", "events": ALL}}
    answer = app.call("POST", "/api/webhooks", app.register("ann"), json=body)
    assert (answer.status_code, errors(answer)) == (422, {"url": ["cannot be fetched"]})
