"""Signed events on their way back to the target, again and again until it takes them."""

import asyncio
import time
from dataclasses import dataclass, field

import aiohttp

from target_app.provider.behaviour import RANDOM
from target_app.provider.store import Event, Store
from target_app.provider_secrets import SIGNATURE_HEADER, signature

PAUSE_S = 0.05
TIMEOUT_S = 5.0
AT_ONCE = 16
#: The first repetition comes after about this long, each later one after twice as long, up to LONGEST_S.
FIRST_S = 0.2
LONGEST_S = 30.0
MOST_ATTEMPTS = 20


@dataclass
class Delivery:
    """Sends what is due to one address."""

    store: Store
    url: str
    secret: bytes
    #: Each event twice, in another order than it happened.
    shuffle: bool = False
    sent: int = 0
    _task: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def copies(self) -> tuple[float, ...]:
        """When the deliveries of a new event are due, in s from now; none where nobody listens."""
        if not self.url:
            return ()
        return (RANDOM.uniform(0, 0.5), RANDOM.uniform(0, 0.5)) if self.shuffle else (0.0,)

    def start(self) -> None:
        """Begin to deliver."""
        if self.url:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop; what is not delivered stays in the file."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session:
            while True:
                due = self.store.due(time.time(), AT_ONCE)
                await asyncio.gather(*(self._deliver(session, event) for event in due))
                if not due:
                    await asyncio.sleep(PAUSE_S)

    async def _deliver(self, session: aiohttp.ClientSession, event: Event) -> None:
        body = event.body.encode()
        now = int(time.time())
        headers = {
            "Content-Type": "application/json",
            SIGNATURE_HEADER: f"t={now},v1={signature(self.secret, now, body)}",
        }
        self.sent += 1
        try:
            async with session.post(self.url, data=body, headers=headers) as answer:
                taken = answer.status < 300
        except (aiohttp.ClientError, TimeoutError):
            taken = False
        if taken or event.attempts + 1 >= MOST_ATTEMPTS:
            self.store.delivered(event.number)
        else:
            pause = min(LONGEST_S, FIRST_S * 2.0**event.attempts)
            self.store.postpone(event.number, time.time() + RANDOM.uniform(pause / 2, pause))
