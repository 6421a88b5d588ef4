"""Users who show pictures of themselves, and the files of these."""

import asyncio
from pathlib import Path
from typing import Any

import httpx

from tests.target_app.app_client import AppClient

AVATAR = "/api/user/avatar"


class Album:
    """The avatars of an app whose background tasks stand still."""

    def __init__(self, app: AppClient) -> None:
        self.app = app
        app.run(app.app.state.parts.background.stop())
        self.folder: Path = app.settings.uploads

    def put(self, token: str, content: bytes, filename: str = "me.png", kind: str = "image/png") -> httpx.Response:
        """The answer to an upload."""
        return self.app.call("PUT", AVATAR, token, files={"avatar": (filename, content, kind)})

    def show(self, token: str, content: bytes) -> str:
        """Where the new avatar is served."""
        answer = self.put(token, content)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["avatar"]["image"])

    def image(self, username: str) -> Any:
        """What the profile of a user shows."""
        return self.app.call("GET", f"/api/profiles/{username}").json()["profile"]["image"]

    def files(self) -> list[str]:
        """Pictures on disk, as they are served."""
        return [f"/api/avatars/{path.name}" for path in sorted((self.folder / "avatars").glob("*"))]

    def coming(self) -> list[Path]:
        """Pictures that are not shown yet."""
        return list((self.folder / "coming").glob("*"))

    def task(self, name: str) -> None:
        """One round of a background task."""
        tasks = self.app.app.state.parts.background._tasks
        (task,) = [task for task in tasks if task.name == name]

        async def once() -> None:
            async with asyncio.timeout(20):
                await task.run()

        self.app.run(once())
