import asyncio
from collections.abc import Sequence
from typing import Any

from target_app.articles.service import ArticleService
from target_app.realtime.hub import Hub
from target_app.realtime.repository import RealtimeRepository
from target_app.realtime.subscriber import Subscriber
from target_app.realtime.tickets import Tickets, new_ticket
from target_app.unit_of_work import UnitOfWork
from target_app.users.authenticator import Authenticator
from target_app.users.session import Session
from target_app.web.answers import moment
from target_app.web.errors import busy, missing_token

#: How often a connection's topics are read while who may hear what is changing.
ATTEMPTS = 5


class RealtimeService:
    """Tickets, and who may hear what."""

    def __init__(
        self,
        repository: RealtimeRepository,
        tickets: Tickets,
        authenticator: Authenticator,
        articles: ArticleService,
        hub: Hub,
    ) -> None:
        self._repository = repository
        self._tickets = tickets
        self._authenticator = authenticator
        self._articles = articles
        self._hub = hub

    async def issue(self, work: UnitOfWork, holder: Session) -> dict[str, Any]:
        """A new ticket."""
        await work.release()
        ticket = new_ticket()
        await self._tickets.keep(ticket, holder)
        return {"value": ticket.value, "expiresAt": moment(ticket.expires_at)}

    async def holder(self, ticket: str | None) -> Session:
        """The holder of a ticket, which is used up by this. Raises ApiError 401."""
        holder = None if ticket is None else await self._tickets.take(ticket)
        if holder is None:
            raise missing_token()
        return holder

    async def open(self, work: UnitOfWork, holder: Session, slugs: Sequence[str], kind: str) -> Subscriber:
        """A subscriber to all that the user asks for; the caller makes it leave the hub.

        Raises ApiError 401, 404 for an article that the user must not know of, 429 and 503.
        """
        subscriber = self._hub.join(holder, kind)
        try:
            for topic in await self._topics(work, holder, slugs):
                self._hub.listen(subscriber, topic)
            await work.release()
        except BaseException:
            self._hub.leave(subscriber)
            raise
        return subscriber

    async def _topics(self, work: UnitOfWork, holder: Session, slugs: Sequence[str]) -> list[str]:
        """The topics beside the user's own. What changed while they were read has them read again."""
        for _ in range(ATTEMPTS):
            before = self._hub.changes
            user = await self._authenticator.signed_in(work, holder)
            authors = await self._repository.followed(await work.reading(), user.id)
            articles = [await self._articles.readable(work, slug, user.id) for slug in dict.fromkeys(slugs)]
            if before == self._hub.changes:
                return [*(f"author:{author}" for author in authors), *(f"article:{one.id}" for one in articles)]
            await asyncio.sleep(0)
        raise busy()
