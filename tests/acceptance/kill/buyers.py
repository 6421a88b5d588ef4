"""Buyers who come at a steady rate and insist: an order whose answer did not come is asked for again, by its key."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import cycle, product

import aiohttp

from tests.parts.loopback import random_address

RATE_S = 50.0
#: How long a buyer insists.
PATIENCE_S = 30.0
TIMEOUT_S = 6.0
#: Addresses that buyers come from: one alone may not order so much.
HOMES = 8
#: Answers that do not settle whether there is an order.
UNSETTLED = {409, 500, 502, 503, 504}


def coming_from(address: str, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
    """Connections from one address."""
    return aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0, local_addr=(address, 0)))


@dataclass
class Purchase:
    """One order as its buyer knows it; times by `time.monotonic`."""

    key: str
    began: float
    #: How the first attempt went: the status of the order, of the answer, or what was raised.
    first: str = ""
    order: int | None = None
    status: str = ""
    acknowledged: float | None = None
    #: What the last attempt brought where no order was ever acknowledged.
    refusal: str = ""


@dataclass
class Buyers:
    """Sends orders at RATE_S until it is stopped. `accounts` are tokens, `slugs` paid articles."""

    url: str
    accounts: Sequence[str]
    slugs: Sequence[str]
    name: str
    purchases: list[Purchase] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _stopped: bool = False

    async def run(self) -> None:
        """Open loop: an order is due every 1/RATE_S seconds, whatever became of the others."""
        wanted = product(self.slugs, self.accounts)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with AsyncExitStack() as stack:
            sessions = cycle(
                [await stack.enter_async_context(coming_from(random_address(), timeout)) for _ in range(HOMES)]
            )
            due = time.monotonic()
            while not self._stopped:
                session, (slug, token) = next(sessions), next(wanted)
                purchase = Purchase(f"{self.name}-{len(self.purchases)}", time.monotonic())
                self.purchases.append(purchase)
                task = asyncio.create_task(self._buy(session, purchase, slug, token))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                due += 1 / RATE_S
                await asyncio.sleep(max(0, due - time.monotonic()))
            await asyncio.gather(*self._tasks)

    def stop(self) -> None:
        """Send no more; `run` returns when the last buyer knows."""
        self._stopped = True

    async def _buy(self, session: aiohttp.ClientSession, purchase: Purchase, slug: str, token: str) -> None:
        headers = {"Authorization": f"Token {token}", "Idempotency-Key": purchase.key}
        body = {"order": {"slug": slug}}
        while time.monotonic() < purchase.began + PATIENCE_S:
            try:
                async with session.post(f"{self.url}/api/orders", json=body, headers=headers) as answer:
                    if answer.status == 201:
                        order = (await answer.json())["order"]
                        purchase.order, purchase.status = order["id"], order["status"]
                        purchase.acknowledged = time.monotonic()
                        purchase.first = purchase.first or order["status"]
                        return
                    said = f"{answer.status} {(await answer.text())[:120]}"
                    if answer.status not in UNSETTLED:
                        purchase.first = purchase.first or said
                        purchase.refusal = said
                        return
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                said = type(error).__name__
            purchase.first = purchase.first or said
            purchase.refusal = said
            await asyncio.sleep(0.1)
