"""A webhook and a delivery as they are read, and as they are shown."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from target_app.web.answers import moment


class WebhookRow(NamedTuple):
    """A webhook, without its secret."""

    id: int
    user_id: int
    url: str
    events: str
    created_at: int


class DeliveryRow(NamedTuple):
    """A delivery, without its body, and whose it is."""

    id: int
    webhook_id: int
    event_id: str
    type: str
    status: str
    attempts: int
    due_at: int
    answered: int | None
    created_at: int
    updated_at: int
    user_id: int


class DeliveryPage(NamedTuple):
    """Some deliveries of a webhook, and how many there are in all."""

    deliveries: Sequence[DeliveryRow]
    total: int


class DueRow(NamedTuple):
    """All that is needed to make a delivery; `due_at` as it was read, `attempts` those before this one."""

    id: int
    webhook_id: int
    event_id: str
    body: str
    attempts: int
    due_at: int
    url: str
    secret: str


def webhook_shown(row: WebhookRow) -> dict[str, Any]:
    """A webhook, as its owner sees it."""
    return {
        "id": row.id,
        "url": row.url,
        "events": orjson.Fragment(row.events),
        "createdAt": moment(row.created_at),
    }


def delivery_shown(row: DeliveryRow) -> dict[str, Any]:
    """A delivery, as the webhook's owner sees it."""
    return {
        "id": row.id,
        "event": row.event_id,
        "type": row.type,
        "status": row.status,
        "attempts": row.attempts,
        "answered": row.answered,
        "nextAttemptAt": moment(row.due_at) if row.status == "pending" else None,
        "createdAt": moment(row.created_at),
        "updatedAt": moment(row.updated_at),
    }
