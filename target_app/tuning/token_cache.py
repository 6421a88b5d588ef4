"""What a token stands for, kept in the worker's memory for the next request that shows it."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, NamedTuple, Protocol, TypeVar

from target_app.controls.model import Factor, Kit, Level
from target_app.controls.token_claims import Claims
from target_app.unit_of_work import UnitOfWork
from target_app.users.repository import UserRow

#: Tokens that one worker remembers, about 10 MB of them.
ENTRIES = 10_000
#: How long a user is remembered.
TTL_S = 60.0

Verify = Callable[[str], Claims]
Authenticate = Callable[[UnitOfWork, str], Awaitable[UserRow]]
Value = TypeVar("Value")


class TokenCache(Protocol):
    """Puts itself in front of what it spares."""

    def verifying(self, verify: Verify) -> Verify:
        """In front of the check of the signature."""

    def authenticating(self, authenticate: Authenticate) -> Authenticate:
        """In front of all: signature, claims, and the user's row with role, suspension and revocation."""


class NoCache:
    """Nothing is remembered."""

    def __init__(self, _kit: Kit) -> None:
        return None

    def verifying(self, verify: Verify) -> Verify:
        """The check itself."""
        return verify

    def authenticating(self, authenticate: Authenticate) -> Authenticate:
        """The look-up itself."""
        return authenticate


class Kept(Generic[Value]):
    """Values by token; of too many the one that was not asked for the longest goes."""

    def __init__(self) -> None:
        self._values: OrderedDict[str, Value] = OrderedDict()

    def get(self, token: str) -> Value | None:
        """What was kept, if it is still there."""
        found = self._values.get(token)
        if found is not None:
            self._values.move_to_end(token)
        return found

    def keep(self, token: str, value: Value) -> None:
        """Remember it."""
        self._values[token] = value
        self._values.move_to_end(token)
        if len(self._values) > ENTRIES:
            self._values.popitem(last=False)


class WithRevocation(NoCache):
    """Remembers that a signature was right, which never changes. All else is looked at for every request."""

    def verifying(self, verify: Verify) -> Verify:
        """One look-up for a token that was seen before."""
        kept: Kept[Claims] = Kept()

        def verified(token: str) -> Claims:
            claims = kept.get(token)
            if claims is None:
                claims = verify(token)
                kept.keep(token, claims)
            return claims

        return verified


class Remembered(NamedTuple):
    """A user as the row was, and until when that is believed (monotonic seconds)."""

    user: UserRow
    until: float


class WithoutRevocation(NoCache):
    """Remembers whom a token stands for: the row is not read. The trap: nobody hears of a log-out, or a suspension."""

    def authenticating(self, authenticate: Authenticate) -> Authenticate:
        """One look-up, for TTL_S after the first."""
        kept: Kept[Remembered] = Kept()

        async def authenticated(work: UnitOfWork, token: str) -> UserRow:
            found = kept.get(token)
            if found is not None and found.until > time.monotonic():
                return found.user
            user = await authenticate(work, token)
            kept.keep(token, Remembered(user, time.monotonic() + TTL_S))
            return user

        return authenticated


TOKEN_CACHE: Factor[TokenCache] = Factor(
    name="token_cache",
    kind="optimisation",
    threat="A token that was given up is still good where it is remembered, and so is one of a suspended user",
    owasp=("API2",),
    asvs=("7.4.1",),
    cwe=("613",),
    cost_hypothesis="Saves the signature, about 30 µs per signed-in request; without revocation also a statement",
    journeys=("signed_in_reader", "author"),
    levels=(
        Level("off", "plain", "every token is verified, and its user read", NoCache),
        Level("with_revocation", "plain", "signatures that were right are remembered", WithRevocation),
        Level(
            "without_revocation",
            "trap",
            "users are remembered by token for a minute",
            WithoutRevocation,
            trips=("cached_token",),
        ),
    ),
)
