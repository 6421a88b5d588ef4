"""Deliveries, to a real server."""

import asyncio
import hashlib
import hmac
import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from target_app.database import sqlite_path
from target_app.schema import now_ms
from target_app.webhooks import delivery
from tests.parts.stranger import Heard, NamesFile, Said, Stranger, stranger
from tests.parts.target import TargetServer
from tests.target_app.app_client import errors
from tests.target_app.realtime.stage import stage_on
from tests.target_app.webhooks.desk import ALL, URL, Desk

Start = Callable[..., TargetServer]


def test_a_delivery_is_signed_and_says_what_happened(desk: Desk) -> None:
    """JSON with the event's id and data; HMAC over time and body, under the webhook's own secret."""
    webhook = desk.create()
    comment = desk.comment()
    desk.deliver()
    (heard,) = desk.receiver.heard
    assert (heard.method, heard.path, heard.headers["Host"]) == ("POST", "/hook", "receiver.test")
    assert heard.headers["Content-Type"] == "application/json"
    body = json.loads(heard.body)
    assert set(body) == {"id", "type", "createdAt", "data"}
    assert (body["type"], body["data"]) == ("comment.created", {"slug": desk.slug, "comment": comment})
    assert heard.headers["Conduit-Event-Id"] == body["id"]
    at, _, mac = heard.headers["Conduit-Signature"].partition(",v1=")
    signed = at.removeprefix("t=").encode() + b"." + heard.body
    assert hmac.compare_digest(mac, hmac.new(webhook["secret"].encode(), signed, hashlib.sha256).hexdigest())
    assert abs(int(at.removeprefix("t=")) - time.time()) < 60
    (shown,) = desk.deliveries(webhook)
    assert (shown["status"], shown["attempts"], shown["answered"]) == ("delivered", 1, 200)
    assert (shown["event"], shown["nextAttemptAt"]) == (body["id"], None)
    assert desk.app.metric('target_webhook_deliveries_total{outcome="delivered"}') == 1


@pytest.mark.parametrize("status", [302, 404, 410, 429, 500])
def test_only_a_success_is_one(desk: Desk, status: int) -> None:
    """A redirect is not followed: nobody signed for another place."""
    desk.receiver.answer = lambda _heard: Said(status, b"", {"Location": "http://receiver.test/other"})
    webhook = desk.create()
    desk.comment()
    desk.deliver()
    (shown,) = desk.deliveries(webhook)
    assert (shown["status"], shown["attempts"], shown["answered"]) == ("pending", 1, status)
    assert len(desk.receiver.heard) == 1
    assert desk.app.metric('target_webhook_deliveries_total{outcome="failed"}') == 1


def test_eight_failures_are_the_end(desk: Desk) -> None:
    """Until somebody asks for another eight."""
    desk.receiver.answer = lambda _heard: Said(500)
    webhook = desk.create()
    desk.comment()
    for _ in range(9):
        desk.due_now()
        desk.deliver()
    (shown,) = desk.deliveries(webhook)
    assert (shown["status"], shown["attempts"], len(desk.receiver.heard)) == ("dead", 8, 8)
    assert len({heard.headers["Conduit-Event-Id"] for heard in desk.receiver.heard}) == 1
    assert desk.app.metric('target_webhook_deliveries_total{outcome="failed"}') == 7
    assert desk.app.metric('target_webhook_deliveries_total{outcome="dead"}') == 1
    retry = f"/api/webhooks/{webhook['id']}/deliveries/{shown['id']}/retry"
    answer = desk.app.call("POST", retry, desk.author)
    assert answer.status_code == 200
    assert (answer.json()["delivery"]["status"], answer.json()["delivery"]["attempts"]) == ("pending", 0)
    again = desk.app.call("POST", retry, desk.author)
    assert (again.status_code, errors(again)) == (409, {"delivery": ["is not dead"]})
    desk.receiver.answer = lambda _heard: Said(204)
    desk.deliver()
    assert desk.deliveries(webhook)[0]["status"] == "delivered"


def test_a_failure_waits_before_the_next_attempt(desk: Desk) -> None:
    """Nothing is sent before the pause is over."""
    desk.receiver.answer = lambda _heard: Said(500)
    desk.create()
    desk.comment()
    desk.deliver()
    desk.sql(f"UPDATE webhook_deliveries SET due_at = {now_ms() + 5000}")
    desk.deliver()
    assert len(desk.receiver.heard) == 1


def test_pauses_grow_and_are_drawn_from_nothing_up() -> None:
    """Full jitter: uniform below a bound that doubles, up to an hour."""
    for attempts, most in ((1, 10_000), (4, 80_000), (7, 640_000), (60, 3_600_000)):
        drawn = [delivery.pause_ms(attempts) for _ in range(400)]
        assert min(drawn) < most / 10
        assert most * 0.9 < max(drawn) <= most


def test_a_name_that_has_become_internal_is_never_sent_to(desk: Desk, names: NamesFile) -> None:
    """It was public when the webhook was made. The delivery is dead at once, and stays so when it is retried."""
    webhook = desk.create()
    names.lead("receiver.test", desk.receiver.address, "127.0.0.1")
    desk.comment()
    desk.deliver()
    (shown,) = desk.deliveries(webhook)
    assert (shown["status"], shown["attempts"], shown["answered"]) == ("dead", 1, None)
    desk.app.call("POST", f"/api/webhooks/{webhook['id']}/deliveries/{shown['id']}/retry", desk.author)
    desk.deliver()
    assert desk.deliveries(webhook)[0]["status"] == "dead"
    assert desk.receiver.heard == []


def test_a_stored_internal_address_is_never_sent_to(desk: Desk) -> None:
    """Even where a row says so."""
    webhook = desk.create()
    desk.sql(f"UPDATE webhooks SET url = 'http://{desk.receiver.host}/'")
    desk.comment()
    desk.deliver()
    assert desk.deliveries(webhook)[0]["status"] == "dead"
    assert desk.receiver.heard == []


def test_one_webhook_that_hangs_holds_up_no_other(desk: Desk, names: NamesFile) -> None:
    """Of it one delivery waits at a time; another webhook gets all of its own meanwhile."""
    order: list[str] = []

    def slow(_heard: Heard) -> Said:
        order.append("slow")
        time.sleep(0.5)
        return Said()

    def quick(_heard: Heard) -> Said:
        order.append("quick")
        return Said()

    desk.receiver.answer = quick
    with stranger(slow) as tarpit:
        names.lead("slow.test", tarpit.address)
        desk.create("http://slow.test/", ["comment.created"])
        desk.create(URL, ["comment.created"])
        for _ in range(3):
            desk.comment()
        desk.deliver()
    assert sorted(order) == ["quick"] * 3 + ["slow"] * 3
    assert order.index("slow", order.index("slow") + 1) >= 4


def test_two_workers_deliver_once(desk: Desk) -> None:
    """Both look at the same rows at the same moment; the lease decides."""
    desk.create()
    for _ in range(10):
        desk.comment()
    run = desk.task("deliver_webhooks").run

    async def both() -> None:
        async with asyncio.timeout(20):
            await asyncio.gather(run(), run(), run())

    desk.app.run(both())
    ids = [heard.headers["Conduit-Event-Id"] for heard in desk.receiver.heard]
    assert (len(ids), len(set(ids))) == (10, 10)


def test_what_was_being_sent_is_sent_again(desk: Desk) -> None:
    """A task that ends in the middle leaves a lease; when it has run out, the delivery is due."""
    webhook = desk.create()
    desk.comment()
    desk.receiver.answer = lambda _heard: time.sleep(0.4) or Said()  # type: ignore[func-returns-value]
    run = desk.task("deliver_webhooks").run

    async def cut_off() -> None:
        running = asyncio.create_task(run())
        while not desk.receiver.heard:
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    desk.app.run(cut_off())
    desk.deliver()
    (shown,) = desk.deliveries(webhook)
    assert (shown["status"], len(desk.receiver.heard)) == ("pending", 1)
    desk.due_now()
    desk.deliver()
    assert (desk.deliveries(webhook)[0]["status"], len(desk.receiver.heard)) == ("delivered", 2)
    first, second = (heard.headers["Conduit-Event-Id"] for heard in desk.receiver.heard)
    assert first == second


def test_an_answer_after_the_lease_changes_nothing(desk: Desk) -> None:
    """Another worker has the delivery by then."""
    webhook = desk.create()
    desk.comment()
    task = desk.task("deliver_webhooks").run.__self__

    async def overtaken() -> None:
        (due,) = await task._claimed(frozenset())
        await task._deliver(due._replace(due_at=due.due_at - 1))

    desk.app.run(overtaken())
    assert desk.deliveries(webhook)[0]["status"] == "pending"


def test_old_deliveries_are_forgotten(desk: Desk) -> None:
    """After seven days, whatever became of them."""
    webhook = desk.create()
    desk.comment()
    desk.deliver()
    desk.comment()
    week = 7 * 24 * 3600 * 1000
    desk.sql(f"UPDATE webhook_deliveries SET created_at = {now_ms() - week + 60_000}")
    desk.app.run(desk.task("purge_deliveries").run())
    assert len(desk.deliveries(webhook)) == 2
    desk.sql(f"UPDATE webhook_deliveries SET created_at = {now_ms() - week - 60_000} WHERE status = 'delivered'")
    desk.app.run(desk.task("purge_deliveries").run())
    assert [one["status"] for one in desk.deliveries(webhook)] == ["pending"]


def test_an_acknowledged_event_survives_a_killed_server(
    start_target: Start, database_url: str, names: NamesFile, receiver: Stranger
) -> None:
    """Killed before a delivery succeeded: the two workers of the next server make each of them."""
    receiver.answer = lambda _heard: Said(500)
    server = start_target("hardened,password_hash=sha256", database_url, settings=names.settings)
    with stage_on(server) as stage:
        author = stage.register("author")
        body = {"webhook": {"url": URL, "events": ALL}}
        webhook = stage.call("POST", "/api/webhooks", author, json=body).json()["webhook"]
        slug = stage.publish(author)
        for number in range(5):
            stage.comment(author, slug, f"Comment {number}")
        os.kill(server.pid, signal.SIGKILL)
    path = sqlite_path(database_url)
    assert path is not None
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE webhook_deliveries SET due_at = 0, attempts = 0")
    receiver.answer = lambda _heard: Said()
    server = start_target("hardened,password_hash=sha256", database_url, workers=2, settings=names.settings)
    with stage_on(server) as stage:

        def delivered() -> int:
            query = {"status": "delivered"}
            found = stage.call("GET", f"/api/webhooks/{webhook['id']}/deliveries", author, params=query)
            return int(found.json()["deliveriesCount"])

        deadline = time.monotonic() + 30
        while delivered() < 6 and time.monotonic() < deadline:  # the publication and five comments
            time.sleep(0.05)
        assert delivered() == 6
