"""Imports and exports of one user."""

from collections.abc import Iterator
from typing import Any

import httpx

from tests.target_app.app_client import AppClient

IMPORT, EXPORT = "/api/user/articles/import", "/api/user/articles/export"
FIELDS = ("title", "description", "body", "tagList", "draft", "price")


def article(number: int = 0, **changes: Any) -> dict[str, Any]:
    """An article as a file holds it."""
    return {
        "title": f"Title {number}", "description": "About", "body": "Text", "tagList": ["all", f"tag{number}"],
        "draft": False, "price": 0, **changes,
    }  # fmt: skip


def importing(app: AppClient, token: str, content: bytes, media_type: str) -> httpx.Response:
    """The answer to an import."""
    return app.call("POST", IMPORT, token, content=content, headers={"Content-Type": media_type})


def parts(app: AppClient, token: str, kind: str = "json", limit: int = 50) -> Iterator[httpx.Response]:
    """All files of an export."""
    after: int | None = 0
    while after is not None:
        answer = app.call("GET", f"{EXPORT}?format={kind}&limit={limit}&after={after}", token)
        assert answer.status_code == 200, answer.text
        yield answer
        plain = app.call("GET", f"{EXPORT}?limit={limit}&after={after}", token)
        after = plain.json()["next"]


def exported(app: AppClient, token: str, limit: int = 50) -> list[dict[str, Any]]:
    """What an import would make again, of all articles of a user, the oldest first."""
    return [
        {field: one[field] for field in FIELDS}
        for part in parts(app, token, limit=limit)
        for one in part.json()["articles"]
    ]
