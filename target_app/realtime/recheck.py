"""A second look at who hears what, for changes that no notice told of.

A change reaches the other workers through Redis, and is lost where there is none or while it is away. So every worker
reads again, once a heartbeat, what its connections rest on: accounts, follows, articles. Two statements a user, and one
for every `TOGETHER` articles.
"""

import asyncio
from collections.abc import Sequence

from target_app.controls.object_authz import ObjectAuthz
from target_app.database import Database
from target_app.realtime.hub import Hub
from target_app.realtime.repository import RealtimeRepository
from target_app.realtime.subscriber import Ending, Subscriber
from target_app.unit_of_work import UnitOfWork
from target_app.users.authenticator import Authenticator
from target_app.web.errors import ApiError

#: Articles that one statement asks for.
TOGETHER = 200


class Recheck:
    """Ends connections whose user may hear nothing, and topics that a user may no longer hear."""

    def __init__(
        self,
        database: Database,
        repository: RealtimeRepository,
        authenticator: Authenticator,
        authz: ObjectAuthz,
        hub: Hub,
    ) -> None:
        self._database = database
        self._repository = repository
        self._authenticator = authenticator
        self._authz = authz
        self._hub = hub

    async def run(self) -> None:
        """Look at all connections of this worker, others being served in between."""
        for user_id, subscribers in self._hub.audience("user").items():
            await self._recheck_user(user_id, subscribers)
            await asyncio.sleep(0)
        audience = self._hub.audience("article")
        ids = tuple(audience)
        for begin in range(0, len(ids), TOGETHER):
            await self._recheck_articles({one: audience[one] for one in ids[begin : begin + TOGETHER]})

    async def _recheck_user(self, user_id: int, subscribers: Sequence[Subscriber]) -> None:
        changes = self._hub.changes
        work = UnitOfWork(self._database)
        try:
            user = await self._authenticator.active(work, user_id)
            followed = await self._repository.followed(await work.reading(), user_id)
        except ApiError:
            for subscriber in subscribers:
                subscriber.end(Ending.SIGNED_OUT)
            return
        finally:
            await work.rollback()
        for subscriber in subscribers:
            if not self._authenticator.admits(user, subscriber.session):
                subscriber.end(Ending.SIGNED_OUT)
        if changes == self._hub.changes:  # else what was read may be older than what was told
            for subscriber in subscribers:
                self._hub.follow_exactly(subscriber, followed)

    async def _recheck_articles(self, audience: dict[int, Sequence[Subscriber]]) -> None:
        work = UnitOfWork(self._database)
        try:
            found = await self._repository.articles(await work.reading(), tuple(audience))
        finally:
            await work.rollback()
        for article, subscribers in audience.items():
            for subscriber in subscribers:
                state = found.get(article)
                if state is None or (state.draft and not self._may_read(subscriber.session.user_id, state.author_id)):
                    self._hub.ignore(subscriber, f"article:{article}")

    def _may_read(self, viewer: int, author: int) -> bool:
        try:
            self._authz.read_draft(viewer, author)
        except ApiError:
            return False
        return True
