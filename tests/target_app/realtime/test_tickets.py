"""Tickets open one connection, for 30 s, for their user."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from target_app.realtime.tickets import LIFETIME_MS, Ticket, new_ticket
from target_app.schema import now_ms
from target_app.users.session import Session
from tests.parts.loopback import free_port, random_address
from tests.parts.redis import redis_at
from tests.target_app.app_client import AppClient
from tests.target_app.realtime.stage import Stage

Make = Callable[..., AppClient]
#: The first user who registers.
HOLDER = Session(1, 0)


@pytest.fixture(params=["database", "redis"])
def app(request: pytest.FixtureRequest, client: Make) -> AppClient:
    """An app that keeps tickets in either place."""
    settings = {"redis_url": request.getfixturevalue("redis_url")} if request.param == "redis" else {}
    return client(**settings)


def tickets(app: AppClient) -> Any:
    return app.app.state.parts.realtime.service._tickets


def test_a_ticket_is_its_users_once(app: AppClient) -> None:
    """The first use gives the user, the second and a guess nothing."""
    user = app.call("POST", "/api/tickets", app.register("ann"))
    assert user.status_code == 201
    value = user.json()["ticket"]["value"]
    assert len(value) >= 43  # 256 bits
    assert app.run(tickets(app).take(value)) == HOLDER
    assert app.run(tickets(app).take(value)) is None
    assert app.run(tickets(app).take("guess")) is None


def test_of_many_uses_at_once_one_wins(app: AppClient) -> None:
    """Fifty tasks take one ticket: one gets it."""
    app.register("ann")
    ticket = new_ticket()

    async def race() -> list[Session | None]:
        await tickets(app).keep(ticket, HOLDER)
        return list(await asyncio.gather(*(tickets(app).take(ticket.value) for _ in range(50))))

    assert [user for user in app.run(race()) if user is not None] == [HOLDER]


def test_a_ticket_expires(client: Make) -> None:
    """After 30 s a ticket is worth nothing, and is forgotten."""
    app = client()
    app.register("ann")
    assert 0 < new_ticket().expires_at - now_ms() <= LIFETIME_MS == 30_000
    old = Ticket("old", now_ms() - 1)
    app.run(tickets(app).keep(old, HOLDER))
    assert app.run(tickets(app).take("old")) is None
    app.run(tickets(app).purge())
    assert stored(app) == []


def test_a_ticket_expires_in_redis(client: Make, redis_url: str) -> None:
    """Redis is told to forget it."""
    app = client(redis_url=redis_url)
    redis = app.app.state.parts.redis

    async def left() -> int:
        await tickets(app).keep(new_ticket(), HOLDER)
        (key,) = await redis.call(lambda one: one.keys("ticket:*"))
        return int(await redis.call(lambda one: one.pttl(key)))

    assert 0 < app.run(left()) <= LIFETIME_MS


def test_only_a_digest_is_stored(client: Make, tmp_path: Path) -> None:
    """The database does not hold what opens a stream."""
    app = client()
    value = app.call("POST", "/api/tickets", app.register("ann")).json()["ticket"]["value"]
    ((digest,),) = stored(app)
    assert digest != value
    assert len(digest) == 64


def test_without_redis_for_a_while(client: Make) -> None:
    """While Redis is away tickets are kept in the database, and are good once it is back."""
    host = random_address()
    port = free_port(host)
    with redis_at(host, port):
        app = client(redis_url=f"redis://{host}:{port}/0")
        token = app.register("ann")
    first, second = (app.call("POST", "/api/tickets", token).json()["ticket"]["value"] for _ in range(2))
    assert app.run(tickets(app).take(first)) == HOLDER
    with redis_at(host, port):
        redis = app.app.state.parts.redis
        deadline = time.monotonic() + 5
        while not redis.available and time.monotonic() < deadline:
            app.run(asyncio.sleep(0.05))
        assert app.run(tickets(app).take(second)) == HOLDER
        assert app.run(tickets(app).take(second)) is None


def stored(app: AppClient) -> list[tuple[str]]:
    path = app.settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT digest FROM tickets").fetchall()


def test_a_ticket_opens_one_connection(stage: Stage) -> None:
    """Of ten clients with one ticket one is let in, the others get 401; no ticket is 401, and a token is no ticket."""
    token = stage.register("ann")
    ticket = stage.ticket(token)
    with ThreadPoolExecutor(10) as pool:
        statuses = sorted(pool.map(lambda _: stage.refused(ticket), range(10)))
    assert statuses == [101] + [401] * 9
    assert stage.refused(token) == 401 if len(token) <= 255 else 422
    assert stage.client.get("/api/events").status_code == 401
    assert stage.client.post("/api/tickets").status_code == 401


def test_a_ticket_opens_a_stream_of_events(stage: Stage) -> None:
    """A browser's EventSource sends no header: the ticket stands in the URL, and is used up."""
    ticket = stage.ticket(stage.register("bob"))
    with stage.client.stream("GET", "/api/events", params={"ticket": ticket}) as answer:
        assert answer.status_code == 200
    assert stage.client.get("/api/events", params={"ticket": ticket}).status_code == 401


def test_a_refusal_does_not_give_a_ticket_back(stage: Stage) -> None:
    """A ticket that was shown for a missing article is gone."""
    ticket = stage.ticket(stage.register("cid"))
    assert stage.refused(ticket, "never-was-1") == 404
    assert stage.refused(ticket) == 401
