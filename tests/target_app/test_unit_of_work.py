from collections.abc import Callable
from typing import Any

import pytest

from target_app.articles.repository import ArticleRepository
from target_app.comments.repository import CommentRepository
from target_app.sqlite import SqliteDatabase
from tests.target_app.app_client import AppClient

Make = Callable[..., AppClient]


def fail(*_arguments: Any, **_named: Any) -> Any:
    raise ZeroDivisionError


def test_a_failed_request_leaves_nothing(client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an endpoint fails after its first write, none of its writes stays."""
    app = client()
    token = app.register("ann")
    monkeypatch.setattr(ArticleRepository, "_add_tags", fail)
    body = {"article": {"title": "T", "description": "d", "body": "b", "tagList": ["x"]}}
    assert app.call("POST", "/api/articles", token, json=body).status_code == 500
    assert app.call("GET", "/api/articles").json() == {"articles": [], "articlesCount": 0}


def test_a_failed_request_frees_the_write_lock(client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failure in the middle of a transaction the next writer can write."""
    app = client()
    token = app.register("ann")
    slug = app.publish(token)
    with monkeypatch.context() as broken:
        broken.setattr(CommentRepository, "add", fail)
        comment = {"comment": {"body": "hi"}}
        assert app.call("POST", f"/api/articles/{slug}/comments", token, json=comment).status_code == 500
    assert app.call("POST", f"/api/articles/{slug}/comments", token, json=comment).status_code == 201


def test_an_answer_is_sent_after_the_commit(client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the commit fails, the client is not told that it worked."""
    app = client()
    token = app.register("ann")
    opened = SqliteDatabase.open_writing

    async def open_writing(database: SqliteDatabase) -> Any:
        connection = await opened(database)
        monkeypatch.setattr(connection, "commit", connection.rollback)
        commit = connection.rollback

        async def failing_commit() -> None:
            await commit()
            raise OSError("disk full")

        monkeypatch.setattr(connection, "commit", failing_commit)
        return connection

    with monkeypatch.context() as broken:
        broken.setattr(SqliteDatabase, "open_writing", open_writing)
        body = {"article": {"title": "T", "description": "d", "body": "b"}}
        assert app.call("POST", "/api/articles", token, json=body).status_code == 500
    assert app.call("GET", "/api/articles").json()["articlesCount"] == 0


def test_a_hash_is_made_outside_the_transaction(client: Make) -> None:
    """While passwords are hashed no write lock is held: log-ins and registrations side by side all end well."""
    app = client("password_hash=bcrypt_4,revocation=off")  # or the first new password ends the token of the others
    token = app.register("ann")

    async def all_at_once() -> list[int]:
        import asyncio

        async def one(number: int) -> int:
            user = {"username": f"user{number}", "email": f"user{number}@example.test", "password": "long enough"}
            sent = [
                app.send("POST", "/api/users", None, "127.0.0.9", {}, json={"user": user}),
                app.send("PUT", "/api/user", token, "127.0.0.9", {}, json={"user": {"password": f"password {number}"}}),
            ]
            return max(answer.status_code for answer in await asyncio.gather(*sent))

        return await asyncio.gather(*(one(number) for number in range(4)))

    assert app.run(all_at_once()) == [201] * 4
