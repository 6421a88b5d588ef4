"""An app with an admin, a moderator, an author and a reader."""

from collections.abc import Mapping
from typing import Any

import httpx
from sqlalchemy import text

from target_app.database import transaction
from target_app.prepared import Prepared
from tests.target_app.app_client import AppClient


class Office:
    """What people do to one app. Everybody's e-mail address and token go by the name."""

    def __init__(self, app: AppClient) -> None:
        self.app = app
        self.tokens = {name: app.register(name) for name in ("admin", "moderator", "author", "reader")}
        for name in ("admin", "moderator"):
            self.execute("UPDATE users SET role = :name WHERE username = :name", name=name)

    def register(self, name: str, role: str = "reader") -> None:
        """One more person."""
        self.tokens[name] = self.app.register(name)
        self.execute("UPDATE users SET role = :role WHERE username = :name", role=role, name=name)

    def call(self, who: str | None, method: str, path: str, body: object = None, **content: Any) -> httpx.Response:
        """A request of somebody, None for an anonymous one."""
        token = None if who is None else self.tokens[who]
        rest = content if body is None else {**content, "json": body}
        return self.app.call(method, path, token, **rest)

    def done(self, who: str | None, method: str, path: str, body: object = None, **content: Any) -> Any:
        """What a request that succeeds is answered with."""
        answer = self.call(who, method, path, body, **content)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def execute(self, statement: str, **parameters: Any) -> None:
        """Change the database behind the app's back."""

        async def execute() -> None:
            async with transaction(self.app.app.state.parts.database) as connection:
                await connection.run(text(statement), parameters)

        self.app.run(execute())

    def rows(self, statement: str, **parameters: Any) -> list[Mapping[str, Any]]:
        """What stands in the database."""

        async def read() -> list[Mapping[str, Any]]:
            connection = await self.app.app.state.parts.database.open_reading()
            try:
                return [dict(row._mapping) for row in await connection.rows(text(statement), parameters)]
            finally:
                await connection.rollback()

        found: list[Mapping[str, Any]] = self.app.run(read())
        return found

    def plan(self, statement: Prepared) -> str:
        """How SQLite would go about a statement, whatever its parameters are."""
        asked = statement.sqlite.sql.replace("?", "1")
        return "; ".join(row["detail"] for row in self.rows(f"EXPLAIN QUERY PLAN {asked}"))

    def suspend(self, name: str) -> None:
        """As another process does it: nobody here is told."""
        self.execute("UPDATE users SET suspended_at = 1 WHERE username = :name", name=name)
