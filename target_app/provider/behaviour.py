"""How the provider misbehaves: settable at the start and while it runs."""

import asyncio
import secrets
from enum import Enum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Rate = Annotated[float, Field(ge=0, le=1)]

#: The card that is always declined, for tests that need one answer of that kind.
DECLINED_AMOUNT = 666
#: How long an answer that never comes is held back: longer than any client waits.
NEVER_S = 60.0
RANDOM = secrets.SystemRandom()


class Behaviour(BaseModel):
    """Delay in ms before each answer, and shares of the requests that end otherwise."""

    model_config = ConfigDict(extra="forbid")

    delay_ms: Annotated[float, Field(ge=0, le=60_000)] = 0
    #: Answered 500: half of them before the work, half after it.
    failure_rate: Rate = 0
    #: The work is done, and the answer never comes.
    timeout_rate: Rate = 0
    decline_rate: Rate = 0


class Ending(Enum):
    """How one request ends."""

    ANSWERED = "answered"
    FAILED_BEFORE = "failed_before"
    FAILED_AFTER = "failed_after"
    HUNG = "hung"


class Conduct:
    """Decides for each request; `settings` may be replaced at any time."""

    def __init__(self, settings: Behaviour) -> None:
        self.settings = settings

    def ending(self) -> Ending:
        """How the next request ends."""
        drawn = RANDOM.random()
        if drawn < self.settings.failure_rate:
            return Ending.FAILED_BEFORE if drawn < self.settings.failure_rate / 2 else Ending.FAILED_AFTER
        return Ending.HUNG if drawn < self.settings.failure_rate + self.settings.timeout_rate else Ending.ANSWERED

    def declines(self, amount: int) -> bool:
        """Whether a charge of this amount is declined."""
        return amount == DECLINED_AMOUNT or RANDOM.random() < self.settings.decline_rate

    async def pause(self, ending: Ending) -> None:
        """Wait as long as an answer of this kind takes."""
        if ending is Ending.HUNG:
            await asyncio.sleep(NEVER_S)
        if self.settings.delay_ms:
            await asyncio.sleep(self.settings.delay_ms / 1000)
