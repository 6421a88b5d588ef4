"""Who is signed in to the pages, by a cookie.

The cookie holds 256 random bits and the database their digest. A session ends after half an hour without use, after
twelve hours in any case, and at once when its user signs out, is suspended, changes the password or gets another role.
"""

import hashlib
import secrets
from typing import Protocol

from starlette.responses import Response

from target_app.controls.model import Kit
from target_app.database import transaction
from target_app.pages.repository import PageSessionRepository, SessionRow
from target_app.schema import now_ms
from target_app.unit_of_work import UnitOfWork
from target_app.web.errors import missing_token

COOKIE = "moderation_session"
#: Under which path the browser sends it.
COOKIE_PATH = "/moderation"
#: Bytes of a session's id: 256 bits.
SIZE = 32
IDLE_MS = 30 * 60 * 1000
ABSOLUTE_MS = 12 * 3600 * 1000
#: How much later a session must end before that is written down: not every request writes.
STEP_MS = 60 * 1000


class PageSessions(Protocol):
    """Sessions by the value of their cookie."""

    def draw(self) -> str:
        """A value that nobody can guess and that is nobody's session yet."""

    async def open(self, work: UnitOfWork, user_id: int) -> str:
        """The value of a new session."""

    async def holder(self, work: UnitOfWork, value: str) -> int:
        """Whose session that is, which is used by this. Raises ApiError 401 where it is none or has ended."""

    async def close(self, work: UnitOfWork, value: str) -> bool:
        """End a session; whether there was one."""

    async def end_all(self, work: UnitOfWork, user_id: int) -> None:
        """End every session of a user, in the transaction of what ends them."""

    def give(self, response: Response, value: str, *, https: bool) -> None:
        """Have the browser keep the value."""

    def drop(self, response: Response, *, https: bool) -> None:
        """Have the browser forget it."""


class Stored:
    """Sessions in the database, so that every worker knows that one has ended."""

    def __init__(self, kit: Kit, repository: PageSessionRepository) -> None:
        self._repository = repository
        self._database = kit.database
        self._https = kit.settings.https
        self._allow = kit.metrics.decision("page_session", "allow")
        self._deny = kit.metrics.decision("page_session", "deny")

    def draw(self) -> str:
        """256 bits."""
        return secrets.token_urlsafe(SIZE)

    async def open(self, work: UnitOfWork, user_id: int) -> str:
        """A new id at every sign-in, whatever the browser sent: nobody signs in to a session that another chose."""
        value, now = self.draw(), now_ms()
        connection = await work.writing()
        await self._repository.purge(connection, now)
        await self._repository.add(connection, digest(value), SessionRow(user_id, now + IDLE_MS, now + ABSOLUTE_MS))
        return value

    async def holder(self, work: UnitOfWork, value: str) -> int:
        """One indexed read, and a write a minute."""
        now = now_ms()
        session = await self._repository.live(await work.reading(), digest(value), now)
        if session is None:
            self._deny()
            raise missing_token()
        self._allow()
        until = min(now + IDLE_MS, session.ends_at)
        if until - session.expires_at >= STEP_MS:
            await self._prolong(digest(value), until)
        return session.user_id

    async def _prolong(self, session: str, until: int) -> None:
        # In a transaction of its own, so that whatever the page does holds no lock for this.
        async with transaction(self._database) as connection:
            await self._repository.prolong(connection, session, until)

    async def close(self, work: UnitOfWork, value: str) -> bool:
        """One DELETE."""
        return await self._repository.end(await work.writing(), digest(value))

    async def end_all(self, work: UnitOfWork, user_id: int) -> None:
        """One DELETE."""
        await self._repository.end_all(await work.writing(), user_id)

    def give(self, response: Response, value: str, *, https: bool) -> None:
        """No script reads it, no other site's page sends it, and over TLS it is sent over nothing else."""
        secure = https or self._https
        response.set_cookie(COOKIE, value, path=COOKIE_PATH, secure=secure, httponly=True, samesite="strict")

    def drop(self, response: Response, *, https: bool) -> None:
        """An empty cookie in its place, expired."""
        secure = https or self._https
        response.delete_cookie(COOKIE, path=COOKIE_PATH, secure=secure, httponly=True, samesite="strict")


def digest(value: str) -> str:
    """What is stored of a session's id. It has 256 random bits: no salt or slow hash is needed."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
