"""An author with an article and webhooks, and the deliveries that the tests make themselves."""

import asyncio
from typing import Any

import httpx
from sqlalchemy import text

from target_app.database import transaction
from tests.parts.stranger import Stranger
from tests.target_app.app_client import AppClient

URL = "http://receiver.test/hook"
ALL = ["comment.created", "comment.deleted", "article.published", "order.updated"]


class Desk:
    """One author's, in an app whose background tasks stand still."""

    def __init__(self, app: AppClient, receiver: Stranger) -> None:
        self.app = app
        self.receiver = receiver
        self.author = app.register("author")
        self.reader = app.register("reader")
        self.slug = app.publish(self.author)

    def creating(self, url: str = URL, events: Any = ALL, token: str | None = None) -> httpx.Response:
        """The answer to a creation."""
        body = {"webhook": {"url": url, "events": events}}
        return self.app.call("POST", "/api/webhooks", token or self.author, json=body)

    def create(self, url: str = URL, events: Any = ALL, token: str | None = None) -> dict[str, Any]:
        """A new webhook, with its secret."""
        answer = self.creating(url, events, token)
        assert answer.status_code == 201, answer.text
        webhook: dict[str, Any] = answer.json()["webhook"]
        return webhook

    def comment(self) -> dict[str, Any]:
        """Something that happens."""
        path = f"/api/articles/{self.slug}/comments"
        answer = self.app.call("POST", path, self.reader, json={"comment": {"body": "Hé"}})
        assert answer.status_code == 201, answer.text
        comment: dict[str, Any] = answer.json()["comment"]
        return comment

    def deliver(self) -> None:
        """What the background task does."""

        async def all_due() -> None:
            async with asyncio.timeout(20):
                await self.task("deliver_webhooks").run()

        self.app.run(all_due())

    def task(self, name: str) -> Any:
        """A background task of the app."""
        return next(task for task in self.app.app.state.parts.background._tasks if task.name == name)

    def deliveries(self, webhook: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
        """The newest first."""
        answer = self.app.call("GET", f"/api/webhooks/{webhook['id']}/deliveries", self.author, params=query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["deliveries"]
        return found

    def sql(self, statement: str) -> None:
        """Change the database behind the app's back."""

        async def run() -> None:
            async with transaction(self.app.app.state.parts.database) as connection:
                await connection.run(text(statement))

        self.app.run(run())

    def due_now(self) -> None:
        """As if every pause were over."""
        self.sql("UPDATE webhook_deliveries SET due_at = 0 WHERE status = 'pending'")
