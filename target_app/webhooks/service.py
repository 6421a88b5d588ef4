import secrets
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from target_app.controls.object_authz import ObjectAuthz
from target_app.events import Event
from target_app.outbound.fetcher import Fetcher
from target_app.schema import now_ms
from target_app.unit_of_work import UnitOfWork
from target_app.web.answers import moment
from target_app.web.errors import ApiError, not_found
from target_app.webhooks.repository import WebhookRepository
from target_app.webhooks.rows import DeliveryRow, WebhookRow, delivery_shown, webhook_shown
from target_app.webhooks.schemas import DeliveryQuery, NewWebhook

#: Webhooks of one user.
MOST = 10


class WebhookService:
    """Webhooks of users and what was delivered to them."""

    def __init__(
        self, repository: WebhookRepository, fetcher: Fetcher, authz: ObjectAuthz, wake: Callable[[], None]
    ) -> None:
        self._repository = repository
        self._fetcher = fetcher
        self._authz = authz
        self._wake = wake

    async def create(self, work: UnitOfWork, new: NewWebhook, viewer: int) -> dict[str, Any]:
        """A new webhook with its secret. Raises ApiError 409 for one too many, 422 for a URL that is not allowed."""
        await work.release()
        await self._fetcher.admit(new.url)
        secret, now = secrets.token_hex(32), now_ms()
        events = orjson.dumps(new.events).decode()
        values = {"user": viewer, "url": new.url, "events": events, "secret": secret, "now": now, "most": MOST}
        webhook = await self._repository.add(await work.writing(), values)
        if webhook is None:
            raise ApiError(409, {"webhook": [f"is one more than {MOST}"]})
        return {**webhook_shown(WebhookRow(webhook, viewer, new.url, events, now)), "secret": secret}

    async def all_of(self, work: UnitOfWork, viewer: int) -> list[dict[str, Any]]:
        """The viewer's webhooks, the oldest first."""
        return [webhook_shown(row) for row in await self._repository.of_user(await work.reading(), viewer)]

    async def one(self, work: UnitOfWork, webhook: int, viewer: int) -> dict[str, Any]:
        """A webhook. Raises ApiError 404, also for another user's."""
        return webhook_shown(await self._readable(work, webhook, viewer))

    async def delete(self, work: UnitOfWork, webhook: int, viewer: int) -> None:
        """Tell it of nothing more. Raises ApiError 404."""
        connection = await work.writing()
        row = await self._readable(work, webhook, viewer)
        self._authz.change("webhook", viewer, row.user_id)
        await self._repository.remove(connection, webhook)

    async def deliveries(self, work: UnitOfWork, webhook: int, query: DeliveryQuery, viewer: int) -> dict[str, Any]:
        """One page of what was delivered to a webhook, or is to be. Raises ApiError 404."""
        await self._readable(work, webhook, viewer)
        page = await self._repository.page(await work.reading(), webhook, query.status, query.limit, query.offset)
        return {"deliveries": [delivery_shown(row) for row in page.deliveries], "deliveriesCount": page.total}

    async def retry(self, work: UnitOfWork, webhook: int, delivery: int, viewer: int) -> dict[str, Any]:
        """Make a dead delivery once more, from the first attempt on. Raises ApiError 404, 409."""
        connection = await work.writing()
        row = await self._delivery(work, webhook, delivery)
        self._authz.read("delivery", viewer, row.user_id)
        self._authz.change("delivery", viewer, row.user_id)
        if not await self._repository.revive(connection, delivery, now_ms()):
            raise ApiError(409, {"delivery": ["is not dead"]})
        work.after_commit(self._wake)
        return delivery_shown(await self._delivery(work, webhook, delivery))

    async def _readable(self, work: UnitOfWork, webhook: int, viewer: int) -> WebhookRow:
        row = await self._repository.one(await work.reading(), webhook)
        if row is None:
            raise not_found("webhook")
        self._authz.read("webhook", viewer, row.user_id)
        return row

    async def _delivery(self, work: UnitOfWork, webhook: int, delivery: int) -> DeliveryRow:
        row = await self._repository.delivery(await work.reading(), webhook, delivery)
        if row is None:
            raise not_found("delivery")
        return row


class DeliveryRecorder:
    """Writes events down for their owners' webhooks, in the transaction in which they happened."""

    def __init__(self, repository: WebhookRepository, wake: Callable[[], None]) -> None:
        self._repository = repository
        self._wake = wake

    async def record(self, work: UnitOfWork, events: Sequence[Event]) -> None:
        """One statement, whoever listens; who delivers is told after the commit."""
        now = now_ms()
        if events and await self._repository.record(await work.writing(), [delivered(event, now) for event in events]):
            work.after_commit(self._wake)


def delivered(event: Event, now: int) -> dict[str, Any]:
    """What `WebhookRepository.record` writes down of an event."""
    event_id = f"ev_{secrets.token_hex(16)}"
    body = {"id": event_id, "type": event.type, "createdAt": moment(now), "data": event.data}
    return {
        "user": event.owner_id,
        "event": event_id,
        "type": event.type,
        "listed": f'%"{event.type}"%',
        "body": orjson.dumps(body).decode(),
        "now": now,
    }
