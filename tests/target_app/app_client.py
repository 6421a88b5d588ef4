"""An app in this process, called as its server would call it: same ASGI, same lifespan, a real SQLite file."""

import asyncio
import json
import sqlite3
from collections.abc import Mapping
from contextlib import AsyncExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from fastapi import FastAPI

from target_app.app import create_app
from target_app.migrations.run import migrate
from target_app.settings import Settings
from target_app.treatment import parse_treatment

PASSWORD = "a-long-enough-password"
HOST = "127.0.0.1:8000"


def empty_database(folder: Path) -> Path:
    """A migrated database without rows, in one file."""
    path = folder / "app.db"
    migrate(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


class AppClient:
    """Sends requests to one app; a context manager that runs the app's lifespan."""

    def __init__(self, treatment: str, database_url: str, **settings: Any) -> None:
        self.settings = Settings(database_url=database_url, hash_queue_limit=8, **settings)
        self.app: FastAPI = create_app(self.settings, parse_treatment(treatment))
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()

    def __enter__(self) -> Self:
        self._runner.run(self._stack.enter_async_context(self.app.router.lifespan_context(self.app)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._stack.aclose())
        self._runner.close()

    def run(self, work: Any) -> Any:
        """The result of a coroutine on the app's event loop."""
        return self._runner.run(work)

    async def send(
        self, method: str, path: str, token: str | None, address: str, headers: Mapping[str, str], **content: Any
    ) -> httpx.Response:
        """One request, as a coroutine, for tests that send several at once."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 40000))
        credentials = {"Authorization": f"Token {token}"} if token else {}
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
            return await client.request(method, path, headers={**credentials, **headers}, **content)

    def call(
        self,
        method: str,
        path: str,
        token: str | None = None,
        *,
        address: str = "127.0.0.9",
        headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> httpx.Response:
        """One request and its answer."""
        answer: httpx.Response = self.run(self.send(method, path, token, address, headers or {}, **content))
        return answer

    def register(self, username: str) -> str:
        """The token of a new user."""
        user = {"username": username, "email": f"{username}@example.test", "password": PASSWORD}
        answer = self.call("POST", "/api/users", json={"user": user})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["user"]["token"])

    def log_in(self, username: str, password: str = PASSWORD, address: str = "127.0.0.9") -> httpx.Response:
        """One log-in."""
        user = {"email": f"{username}@example.test", "password": password}
        return self.call("POST", "/api/users/login", json={"user": user}, address=address)

    def publish(self, token: str, title: str = "Title", **fields: Any) -> str:
        """The slug of a new article."""
        article = {"title": title, "description": "About", "body": "Text", **fields}
        answer = self.call("POST", "/api/articles", token, json={"article": article})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["article"]["slug"])

    def metric(self, name: str) -> float:
        """The value of one series, written as Prometheus writes it."""
        for line in self.call("GET", "/metrics").text.splitlines():
            series, _, value = line.rpartition(" ")
            if series == name:
                return float(value)
        raise KeyError(name)


def errors(answer: httpx.Response) -> dict[str, list[str]]:
    """What an error answer says, by field."""
    found: dict[str, list[str]] = json.loads(answer.content)["errors"]
    return found
