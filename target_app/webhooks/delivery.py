"""Makes the deliveries that stand in the database, at least once each.

A worker leases a delivery, sends it without holding a connection of the database, and writes down what became of it.
Where it ends in between, the lease runs out and another worker sends it again: receivers know a repeated event by its
id. Of one webhook a worker makes one delivery at a time.
"""

import asyncio
import secrets
import time
from typing import Any

from target_app.controls.outbound_guard import UrlRefusedError
from target_app.database import Database, transaction
from target_app.metrics import Metrics
from target_app.outbound.fetcher import Fetcher
from target_app.provider_secrets import signature
from target_app.schema import now_ms
from target_app.web.errors import ApiError
from target_app.webhooks.repository import WebhookRepository
from target_app.webhooks.rows import DueRow

#: How often deliveries are looked for that nobody told this worker of, and how often old ones are purged.
POLL_S = 1.0
PURGE_S = 600.0
KEPT_MS = 7 * 24 * 3600 * 1000
#: Longer than a fetch may take.
LEASE_MS = 30_000
#: Webhooks that one worker talks to at one moment.
AT_ONCE = 32
MOST_ATTEMPTS = 8
#: The pause before the second attempt is drawn up to this long, before each further one up to twice as long.
FIRST_PAUSE_MS = 10_000
LONGEST_PAUSE_MS = 3600 * 1000
SIGNATURE_HEADER = "Conduit-Signature"
EVENT_HEADER = "Conduit-Event-Id"
RANDOM = secrets.SystemRandom()


def pause_ms(attempts: int) -> int:
    """How long to wait after so many attempts: exponential, with full jitter."""
    return round(RANDOM.uniform(0, min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1))))


class Delivery:
    """One worker's part in delivering."""

    def __init__(self, database: Database, repository: WebhookRepository, fetcher: Fetcher, metrics: Metrics) -> None:
        self._database = database
        self._repository = repository
        self._fetcher = fetcher
        self._counts = {outcome: metrics.webhook_delivery(outcome) for outcome in ("delivered", "failed", "dead")}

    async def run(self) -> None:
        """Deliver until nothing is due. What is being sent when this is cancelled is sent again later."""
        sending: dict[asyncio.Task[None], int] = {}
        try:
            while True:
                for due in await self._claimed(frozenset(sending.values())):
                    sending[asyncio.create_task(self._deliver(due))] = due.webhook_id
                if not sending:
                    return
                done, _ = await asyncio.wait(sending, timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    del sending[task]
                    task.result()
        finally:
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)

    async def purge(self) -> None:
        """Forget what is old; most rounds find nothing and write nothing."""
        before = now_ms() - KEPT_MS
        reader = await self._database.open_reading()
        try:
            old = await self._repository.has_old(reader, before)
        finally:
            await reader.rollback()
        if old:
            async with transaction(self._database) as connection:
                await self._repository.purge(connection, before)

    async def _claimed(self, busy: frozenset[int]) -> list[DueRow]:
        """Deliveries to other webhooks than these, leased to this worker."""
        now = now_ms()
        reader = await self._database.open_reading()
        try:
            found = await self._repository.due(reader, now, AT_ONCE)
        finally:
            await reader.rollback()
        # AT_ONCE webhooks were asked for: without the busy ones there are as many as there is room for, or all.
        wanted = [due for due in found if due.webhook_id not in busy][: AT_ONCE - len(busy)]
        if not wanted:
            return []
        until = now + LEASE_MS
        async with transaction(self._database) as connection:
            # By id, so that two workers that claim the same deliveries do not wait for each other in a circle.
            return [
                due._replace(due_at=until, attempts=due.attempts + 1)
                for due in sorted(wanted)
                if await self._repository.claim(connection, due, until)
            ]

    async def _deliver(self, due: DueRow) -> None:
        status, refused = await self._sent(due)
        now = now_ms()
        if status is not None and 200 <= status < 300:
            outcome, after, next_at = "delivered", "delivered", now
        elif refused or due.attempts >= MOST_ATTEMPTS:
            outcome, after, next_at = "dead", "dead", now
        else:
            outcome, after, next_at = "failed", "pending", now + pause_ms(due.attempts)
        values: dict[str, Any] = {"after": after, "due": next_at, "answer": status, "now": now}
        async with transaction(self._database) as connection:
            await self._repository.settle(connection, due, values)
        self._counts[outcome]()

    async def _sent(self, due: DueRow) -> tuple[int | None, bool]:
        """The receiver's status, None where no answer came; and whether nothing may be sent there at all."""
        body, seconds = due.body.encode(), int(time.time())
        headers = {
            "Content-Type": "application/json",
            SIGNATURE_HEADER: f"t={seconds},v1={signature(due.secret.encode(), seconds, body)}",
            EVENT_HEADER: due.event_id,
        }
        try:
            return await self._fetcher.post(due.url, body, headers), False
        except UrlRefusedError:
            return None, True
        except ApiError:
            return None, False
