"""How many wrong passwords are listened to.

Three budgets of failures per window: of a pair (account, address), of an address over all accounts, and of an account
over all addresses from which nobody ever logged in to it. The last stops guessing from many addresses and leaves the
owner's own address alone: nobody is locked out of an account by other people's guesses.

The budgets are looked up before the hash and once more after it, so that guesses sent in parallel do not all slip
through before the first of them is counted. The address is the peer's: X-Forwarded-For is whatever the client writes.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from target_app.controls.model import Factor, Kit, Level
from target_app.controls.redis_state import FallbackState
from target_app.controls.state import Counter, ProcessState, SharedState, ThrottleState, digest
from target_app.schema import now_ms
from target_app.web.errors import ApiError

WINDOW_MS = 10 * 60 * 1000
PAIR_BUDGET = 10
ADDRESS_BUDGET = 30
STRANGERS_BUDGET = 50
#: How long an address from which somebody logged in to an account is known to it.
KNOWN_MS = 90 * 24 * 3600 * 1000


@dataclass(frozen=True)
class Attempt:
    """One log-in: the account as it was typed, and the peer's address."""

    account: str
    address: str

    @cached_property
    def pair(self) -> str:
        """Key of the account at this address."""
        return digest("pair", self.account.casefold(), self.address)

    @cached_property
    def by_address(self) -> str:
        """Key of the address over all accounts."""
        return digest("address", self.address)

    @cached_property
    def by_strangers(self) -> str:
        """Key of the account over all addresses that are strange to it."""
        return digest("strangers", self.account.casefold())

    @cached_property
    def known(self) -> str:
        """Key of the address being known to the account."""
        return digest("known", self.account.casefold(), self.address)

    @property
    def keys(self) -> tuple[str, ...]:
        """All four."""
        return (self.pair, self.by_address, self.by_strangers, self.known)


class LoginThrottle(Protocol):
    """Asked before the password is hashed and told how it went."""

    async def check(self, attempt: Attempt) -> None:
        """Raises ApiError 429 where a budget is spent."""

    async def failed(self, attempt: Attempt) -> None:
        """Count a wrong password. Raises ApiError 429 where other attempts spent the budget meanwhile."""

    async def succeeded(self, attempt: Attempt) -> None:
        """Forget the pair's failures. Raises ApiError 429 where other attempts spent the budget meanwhile."""


class NoThrottle:
    """Every guess is listened to."""

    def __init__(self, _kit: Kit) -> None:
        return None

    async def check(self, _attempt: Attempt) -> None:
        """Nothing is refused."""
        return

    async def failed(self, _attempt: Attempt) -> None:
        """Nothing is counted."""
        return

    async def succeeded(self, _attempt: Attempt) -> None:
        """Nothing is forgotten."""
        return


class Budgets:
    """The three budgets over some state."""

    def __init__(self, state: ThrottleState, kit: Kit) -> None:
        self._state = state
        self._allow = kit.metrics.decision("login_throttle", "allow")
        self._deny = kit.metrics.decision("login_throttle", "deny")

    async def check(self, attempt: Attempt) -> None:
        """One indexed read."""
        now = now_ms()
        self._refuse_spent(attempt, await self._state.read(attempt.keys, now), now)
        self._allow()

    async def failed(self, attempt: Attempt) -> None:
        """Counted in a transaction of its own."""
        now = now_ms()
        before = await self._state.read((attempt.known,), now)
        counted = [attempt.pair, attempt.by_address]
        if attempt.known not in before:
            counted.append(attempt.by_strangers)
        after = await self._state.add(counted, now, now + WINDOW_MS)
        # This failure is among the counters: one more than the budget means that it was spent before this one.
        self._refuse_spent(attempt, {**before, **after}, now, allowance=1)

    async def succeeded(self, attempt: Attempt) -> None:
        """One indexed read; writes only where there is something to forget or an address to remember."""
        now = now_ms()
        counters = await self._state.read(attempt.keys, now)
        self._refuse_spent(attempt, counters, now)
        if attempt.pair in counters:
            await self._state.forget((attempt.pair,))
        if attempt.known not in counters:
            await self._state.add((attempt.known,), now, now + KNOWN_MS)

    def _refuse_spent(self, attempt: Attempt, counters: Mapping[str, Counter], now: int, allowance: int = 0) -> None:
        budgets = {attempt.pair: PAIR_BUDGET, attempt.by_address: ADDRESS_BUDGET}
        if attempt.known not in counters:
            budgets[attempt.by_strangers] = STRANGERS_BUDGET
        spent = [
            counters[key].expires_at
            for key, budget in budgets.items()
            if key in counters and counters[key]._replace(times=counters[key].times - allowance).spent(budget)
        ]
        if spent:
            self._deny()
            seconds = math.ceil((max(spent) - now) / 1000)
            raise ApiError(429, {"credentials": ["too many attempts"]}, {"Retry-After": str(seconds)})


def per_process(kit: Kit) -> Budgets:
    """Budgets of each worker alone."""
    return Budgets(ProcessState(), kit)


def shared(kit: Kit) -> Budgets:
    """Budgets of all workers together; while Redis is away, each worker's part of them."""
    if kit.redis is None:
        return Budgets(SharedState(kit.database), kit)
    return Budgets(FallbackState(kit.redis, kit.settings.workers, kit.metrics.fallback("login_throttle")), kit)


LOGIN_THROTTLE: Factor[LoginThrottle] = Factor(
    name="login_throttle",
    kind="control",
    threat="Passwords are guessed online, for one account or one guess each for many",
    owasp=("API2",),
    asvs=("6.3.1",),
    cwe=("307",),
    cost_hypothesis="Two indexed reads per log-in, about 100 µs beside a hash of 42 ms",
    journeys=("log_in",),
    levels=(
        Level(
            "off",
            "weak",
            "every guess is answered",
            NoThrottle,
            trips=("password_guessing", "password_spraying"),
        ),
        Level(
            "per_process",
            "weak",
            "budgets in each worker's memory",
            per_process,
            trips=("throttle_multiplied",),
            workers=2,
        ),
        Level(
            "shared",
            "strong",
            "budgets in Redis where there is one, else in the database, common to all workers",
            shared,
        ),
    ),
)
