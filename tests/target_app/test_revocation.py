"""Tokens that are given up: by a log-out and by a new password."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from target_app.realtime.subscriber import Ending
from target_app.unit_of_work import UnitOfWork
from target_app.users.session import Session
from tests.target_app.app_client import PASSWORD, AppClient, errors
from tests.target_app.realtime.stage import Stage, stage_on

Make = Callable[..., AppClient]
LEVELS = ["off", "per_process", "shared"]
NEW = "another-long-password"


def works(app: AppClient, token: str) -> bool:
    answer = app.call("GET", "/api/user", token)
    assert answer.status_code in {200, 401}
    assert answer.status_code == 200 or errors(answer) == {"token": ["is invalid"]}
    return answer.status_code == 200


def another(app: AppClient, password: str = PASSWORD) -> str:
    """The token of a further log-in."""
    return str(app.log_in("ann", password).json()["user"]["token"])


def log_out(app: AppClient, token: str) -> httpx.Response:
    return app.call("POST", "/api/users/logout", token)


def change_password(app: AppClient, token: str) -> httpx.Response:
    return app.call("PUT", "/api/user", token, json={"user": {"password": NEW}})


@pytest.mark.parametrize("level", LEVELS)
def test_a_log_out_gives_all_tokens_up(client: Make, level: str) -> None:
    """All but with `off`: the one that logs out and others; a new log-in works, and other users' tokens do."""
    app = client(f"revocation={level}")
    first, other = app.register("ann"), app.register("bob")
    second = another(app)
    answer = log_out(app, first)
    assert (answer.status_code, answer.content) == (204, b"")
    assert {works(app, first), works(app, second)} == {level == "off"}
    assert works(app, other)
    assert works(app, another(app))


@pytest.mark.parametrize("level", LEVELS)
def test_a_new_password_gives_all_tokens_up_but_its_own(client: Make, level: str) -> None:
    """The token in the answer works; those from before do with `off` alone."""
    app = client(f"revocation={level}")
    first = app.register("ann")
    second = another(app)
    answer = change_password(app, first)
    assert answer.status_code == 200
    assert {works(app, first), works(app, second)} == {level == "off"}
    assert works(app, answer.json()["user"]["token"])
    assert works(app, another(app, NEW))


def test_other_changes_give_nothing_up(client: Make) -> None:
    """A new name, address or text leaves all tokens good."""
    app = client()
    token = app.register("ann")
    assert app.call("PUT", "/api/user", token, json={"user": {"bio": "New", "username": "anna"}}).status_code == 200
    assert works(app, token)


@pytest.mark.parametrize("level", LEVELS)
def test_what_another_worker_knows(client: Make, level: str) -> None:
    """A second server on the same database refuses what was given up at the first with `shared` alone; tokens of new
    log-ins are good at both, wherever they were made.
    """
    one, two = client(f"revocation={level}"), client(f"revocation={level}")
    token = one.register("ann")
    assert works(two, token)
    assert log_out(one, token).status_code == 204
    assert works(two, token) == (level != "shared")
    for app in (one, two):
        fresh = another(app)
        assert works(one, fresh)
        assert works(two, fresh)


def test_of_two_log_outs_at_once_one_gives_up(client: Make) -> None:
    """Requests of one token at the same moment: none of them ends with a token that outlives the log-out."""
    app = client(hash_threads=4)
    token = app.register("ann")

    async def race() -> list[httpx.Response]:
        async def send(method: str, path: str, **content: Any) -> httpx.Response:
            return await app.send(method, path, token, "127.0.0.9", {}, **content)

        leaving = [send("POST", "/api/users/logout") for _ in range(4)]
        changing = [send("PUT", "/api/user", json={"user": {"password": NEW}}) for _ in range(4)]
        return list(await asyncio.gather(*leaving, *changing))

    answers = app.run(race())
    won = [answer for answer in answers if answer.is_success]
    assert {answer.status_code for answer in answers} <= {200, 204, 401}
    assert len(won) == 1
    if won[0].status_code == 200:
        assert works(app, won[0].json()["user"]["token"])


def test_a_log_in_is_of_the_version_of_its_password(client: Make) -> None:
    """Whoever knows the old password and changes nothing in time has a token that ends with that password."""
    app = client(hash_threads=4)
    token = app.register("ann")

    async def race() -> tuple[httpx.Response, httpx.Response]:
        user = {"email": "ann@example.test", "password": PASSWORD}
        log_in = asyncio.create_task(app.send("POST", "/api/users/login", None, "127.0.0.9", {}, json={"user": user}))
        change = app.send("PUT", "/api/user", token, "127.0.0.8", {}, json={"user": {"password": NEW}})
        changed = await change
        return await log_in, changed

    before, changed = app.run(race())
    assert changed.status_code == 200
    if before.status_code == 200:
        assert not works(app, before.json()["user"]["token"])
    assert works(app, changed.json()["user"]["token"])


@pytest.mark.parametrize("redis", [False, True], ids=["database", "redis"])
def test_tickets_are_given_up_too(client: Make, request: pytest.FixtureRequest, redis: bool) -> None:
    """A ticket from before the log-out opens nothing."""
    app = client(**({"redis_url": request.getfixturevalue("redis_url")} if redis else {}))
    token = app.register("ann")
    ticket = app.call("POST", "/api/tickets", token).json()["ticket"]["value"]
    log_out(app, token)
    answer = app.call("GET", f"/api/events?ticket={ticket}")
    assert (answer.status_code, errors(answer)) == (401, {"token": ["is invalid"]})


def test_streams_end_at_once(start_target: Callable[..., Any], database_url: str) -> None:
    """A WebSocket and a stream of the user say that he or she is signed out; another's go on."""
    server = start_target("hardened,password_hash=sha256", database_url)
    with stage_on(server) as stage:
        ended(stage)


def ended(stage: Stage) -> None:
    from websockets.exceptions import ConnectionClosed

    ann, bob = stage.register("ann"), stage.register("bob")
    tickets = [stage.ticket(one) for one in (ann, bob)]
    with stage.events(ann) as lines, stage.socket(tickets[0]) as socket, stage.socket(tickets[1]) as other:
        stage.call("POST", "/api/users/logout", ann)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401
        assert "event: signed_out" in lines
        with pytest.raises(TimeoutError):
            other.recv(0.2)


@pytest.mark.parametrize(("level", "ending"), [("off", None), ("shared", Ending.SIGNED_OUT)])
def test_other_workers_find_out(client: Make, level: str, ending: Ending | None) -> None:
    """Where no notice came, the next look ends what a version opened that was given up; not a version after it."""
    one, two = client(f"revocation={level}"), client(f"revocation={level}")
    token = one.register("ann")
    parts = two.app.state.parts

    def opened(version: int) -> Any:
        work = UnitOfWork(parts.database)
        return two.run(parts.realtime.service.open(work, Session(1, version), [], "sse"))

    before = opened(0)
    log_out(one, token)
    after = opened(1)
    two.run(next(task.run for task in parts.background._tasks if task.name == "recheck_streams")())
    assert (before.ending, after.ending) == (ending, None)


def test_decisions_are_counted(client: Make) -> None:
    """One request before the log-out, the log-out itself, and one after it."""
    app = client()
    token = app.register("ann")
    assert works(app, token)
    log_out(app, token)
    assert not works(app, token)
    series = 'target_control_decisions_total{control="revocation",decision="%s"}'
    assert app.metric(series % "allow") == 2
    assert app.metric(series % "deny") == 1
