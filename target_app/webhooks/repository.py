from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Text, and_, bindparam, delete, func, or_, select, text, update

from target_app.database import Connection
from target_app.prepared import Prepared
from target_app.users.models import users
from target_app.webhooks.models import PENDING, webhook_deliveries, webhooks
from target_app.webhooks.rows import DeliveryPage, DeliveryRow, DueRow, WebhookRow

WEBHOOK = tuple(webhooks.c[name] for name in WebhookRow._fields)
DELIVERY = (*(webhook_deliveries.c[name] for name in DeliveryRow._fields[:-1]), webhooks.c.user_id)
DUE_COLUMNS = (
    *(webhook_deliveries.c[name] for name in DueRow._fields[:-2]),
    webhooks.c.url,
    webhooks.c.secret,
)
WITH_WEBHOOK = webhook_deliveries.join(webhooks, webhooks.c.id == webhook_deliveries.c.webhook_id)

#: Who adds a webhook waits for others who add one for the same user: together they keep to the number allowed.
LOCK_USER = Prepared(select(users.c.id).where(users.c.id == bindparam("user")).with_for_update(key_share=True))
ADD = Prepared(
    text(
        "INSERT INTO webhooks (user_id, url, events, secret, created_at) SELECT :user, :url, :events, :secret, :now "
        "WHERE (SELECT count(*) FROM webhooks WHERE user_id = :user) < :most RETURNING id"
    ).bindparams(
        *(bindparam(name, type_=BigInteger) for name in ("user", "now", "most")),
        *(bindparam(name, type_=Text) for name in ("url", "events", "secret")),
    )
)
OF_USER = Prepared(select(*WEBHOOK).where(webhooks.c.user_id == bindparam("user")).order_by(webhooks.c.id))
ONE = Prepared(select(*WEBHOOK).where(webhooks.c.id == bindparam("webhook")))
REMOVE = Prepared(delete(webhooks).where(webhooks.c.id == bindparam("webhook")))

#: Types stand in quotes in the JSON list, so that none is part of another.
RECORD = Prepared(
    text(
        "INSERT INTO webhook_deliveries "
        "(webhook_id, event_id, type, body, status, attempts, due_at, created_at, updated_at) "
        "SELECT id, :event, :type, :body, 'pending', 0, :now, :now, :now FROM webhooks "
        "WHERE user_id = :user AND events LIKE :listed"
    ).bindparams(
        *(bindparam(name, type_=BigInteger) for name in ("user", "now")),
        *(bindparam(name, type_=Text) for name in ("event", "type", "body", "listed")),
    )
)
LISTED = and_(
    webhook_deliveries.c.webhook_id == bindparam("webhook"),
    or_(bindparam("status", type_=Text).is_(None), webhook_deliveries.c.status == bindparam("status", type_=Text)),
)
COUNT_OF = select(func.count()).select_from(webhook_deliveries).where(LISTED).correlate(None)
COUNT = Prepared(COUNT_OF)
PAGE = Prepared(
    select(*DELIVERY, COUNT_OF.scalar_subquery())
    .select_from(WITH_WEBHOOK)
    .where(LISTED)
    .order_by(webhook_deliveries.c.id.desc())
    .limit(bindparam("limit", type_=BigInteger))
    .offset(bindparam("offset", type_=BigInteger))
)
ONE_DELIVERY = Prepared(
    select(*DELIVERY)
    .select_from(WITH_WEBHOOK)
    .where(webhook_deliveries.c.id == bindparam("delivery"), webhook_deliveries.c.webhook_id == bindparam("webhook"))
)
REVIVE = Prepared(
    update(webhook_deliveries)
    .where(webhook_deliveries.c.id == bindparam("delivery"), webhook_deliveries.c.status == "dead")
    .values(status="pending", attempts=0, due_at=bindparam("now"), updated_at=bindparam("now"))
)

#: Of each webhook the oldest delivery that is due: one that is slow or away keeps nobody waiting but itself.
OLDEST = (
    select(func.min(webhook_deliveries.c.id).label("id"))
    .where(PENDING, webhook_deliveries.c.due_at <= bindparam("now"))
    .group_by(webhook_deliveries.c.webhook_id)
    .order_by(func.min(webhook_deliveries.c.due_at))
    .limit(bindparam("limit", type_=BigInteger))
    .subquery("oldest")
)
DUE = Prepared(select(*DUE_COLUMNS).select_from(WITH_WEBHOOK.join(OLDEST, OLDEST.c.id == webhook_deliveries.c.id)))
#: What was read is compared with what is there: of several workers that read the same row, one gets it.
HELD = and_(
    webhook_deliveries.c.id == bindparam("delivery"),
    webhook_deliveries.c.due_at == bindparam("seen"),
    webhook_deliveries.c.status == "pending",
)
CLAIM = Prepared(
    update(webhook_deliveries).where(HELD).values(due_at=bindparam("until"), attempts=webhook_deliveries.c.attempts + 1)
)
SETTLE = Prepared(
    update(webhook_deliveries)
    .where(HELD)
    .values(
        status=bindparam("after"), due_at=bindparam("due"), answered=bindparam("answer"), updated_at=bindparam("now")
    )
)
PURGE = Prepared(delete(webhook_deliveries).where(webhook_deliveries.c.created_at < bindparam("before")))
OLD = Prepared(select(webhook_deliveries.c.id).where(webhook_deliveries.c.created_at < bindparam("before")).limit(1))


class WebhookRepository:
    """Statements about webhooks and what is to be delivered to them. Times in ms since 1970."""

    async def add(self, connection: Connection, values: Mapping[str, Any]) -> int | None:
        """The id of the new webhook; None where the user has as many as are allowed."""
        await connection.fetch_one(LOCK_USER, values)
        row = await connection.fetch_one(ADD, values)
        return None if row is None else int(row[0])

    async def of_user(self, connection: Connection, user: int) -> list[WebhookRow]:
        """All webhooks of a user, the oldest first."""
        return [WebhookRow._make(row) for row in await connection.fetch_all(OF_USER, {"user": user})]

    async def one(self, connection: Connection, webhook: int) -> WebhookRow | None:
        """The webhook of that id."""
        row = await connection.fetch_one(ONE, {"webhook": webhook})
        return None if row is None else WebhookRow._make(row)

    async def remove(self, connection: Connection, webhook: int) -> None:
        """Delete a webhook and what was to be delivered to it."""
        await connection.change(REMOVE, {"webhook": webhook})

    async def record(self, connection: Connection, events: Sequence[Mapping[str, Any]]) -> bool:
        """Write events down for every webhook of the user that asks for them; whether anybody may."""
        if len(events) == 1:
            return await connection.change(RECORD, events[0]) > 0
        await connection.run(RECORD.statement, events)
        return True  # not every driver says how many rows many executions of a statement made

    async def page(
        self, connection: Connection, webhook: int, status: str | None, limit: int, offset: int
    ) -> DeliveryPage:
        """Deliveries of a webhook, the newest first."""
        asked = {"webhook": webhook, "status": status, "limit": limit, "offset": offset}
        rows = await connection.fetch_all(PAGE, asked)
        if not rows and offset:
            count = await connection.fetch_one(COUNT, asked)
            return DeliveryPage([], 0 if count is None else count[0])
        return DeliveryPage([DeliveryRow._make(row[:-1]) for row in rows], rows[0][-1] if rows else 0)

    async def delivery(self, connection: Connection, webhook: int, delivery: int) -> DeliveryRow | None:
        """The delivery of that id, if it is one of this webhook."""
        row = await connection.fetch_one(ONE_DELIVERY, {"webhook": webhook, "delivery": delivery})
        return None if row is None else DeliveryRow._make(row)

    async def revive(self, connection: Connection, delivery: int, now: int) -> bool:
        """Whether a delivery was dead; now it is due again."""
        return await connection.change(REVIVE, {"delivery": delivery, "now": now}) == 1

    async def due(self, connection: Connection, now: int, limit: int) -> Sequence[DueRow]:
        """Deliveries to make, one for each webhook, of `limit` webhooks at most."""
        return [DueRow._make(row) for row in await connection.fetch_all(DUE, {"now": now, "limit": limit})]

    async def claim(self, connection: Connection, due: DueRow, until: int) -> bool:
        """Whether this worker may make the delivery until then."""
        return await connection.change(CLAIM, {"delivery": due.id, "seen": due.due_at, "until": until}) == 1

    async def settle(self, connection: Connection, lease: DueRow, values: Mapping[str, Any]) -> None:
        """What became of an attempt (`after`, `due`, `answer`, `now`), unless the lease has run out meanwhile."""
        await connection.change(SETTLE, {"delivery": lease.id, "seen": lease.due_at, **values})

    async def has_old(self, connection: Connection, before: int) -> bool:
        """Whether there is anything to purge."""
        return await connection.fetch_one(OLD, {"before": before}) is not None

    async def purge(self, connection: Connection, before: int) -> None:
        """Forget deliveries that were created before then."""
        await connection.change(PURGE, {"before": before})
