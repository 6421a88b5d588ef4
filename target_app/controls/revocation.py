"""Whether a token that its user gave up, by logging out or by a new password, is still good.

Each user's row counts how often that happened: the version of the tokens that are good. A token carries the version
that it was written under. Giving up one token gives up all of them: whoever lost one cannot say which.
"""

from functools import partial
from typing import Protocol

from sqlalchemy import bindparam, update

from target_app.controls.model import Factor, Kit, Level
from target_app.controls.token_claims import refused
from target_app.prepared import Prepared
from target_app.unit_of_work import UnitOfWork
from target_app.users.models import users

GIVE_UP = Prepared(
    update(users)
    .where(users.c.id == bindparam("user"), users.c.token_version == bindparam("version"))
    .values(token_version=users.c.token_version + 1)
)


class HasTokens(Protocol):
    """Somebody who is signed in."""

    @property
    def id(self) -> int:
        """The user's id."""

    @property
    def token_version(self) -> int:
        """The version of tokens that are good, as it stands in the database at this request."""


class Revocation(Protocol):
    """Asked at every request of a signed-in user, and told when tokens are given up."""

    def admit(self, user: HasTokens, version: int) -> None:
        """Raises ApiError 401 where tokens of this version were given up; `user` was read for this request."""

    async def revoke(self, work: UnitOfWork, user: HasTokens) -> int:
        """Give up all tokens of `user`, whose row says which are good; the version of those to come.

        Raises ApiError 401 where another request gave them up meanwhile: this one's token is good no more.
        """


class Off:
    """Tokens are good until they end by themselves. The client is trusted to forget its own."""

    def __init__(self, _kit: Kit) -> None:
        return None

    def admit(self, _user: HasTokens, _version: int) -> None:
        """Every version is good."""
        return

    async def revoke(self, _work: UnitOfWork, user: HasTokens) -> int:
        """Nothing is given up."""
        return user.token_version


class Counted:
    """Counts versions on the user's row, and decides."""

    def __init__(self, kit: Kit) -> None:
        self._allow = kit.metrics.decision("revocation", "allow")
        self._deny = kit.metrics.decision("revocation", "deny")

    async def revoke(self, work: UnitOfWork, user: HasTokens) -> int:
        """One UPDATE: of two requests at once, one gives the tokens up and the other is refused."""
        connection = await work.writing()
        if not await connection.change(GIVE_UP, {"user": user.id, "version": user.token_version}):
            self._deny()
            raise refused()
        return user.token_version + 1

    def _decide(self, good: bool) -> None:
        if not good:
            self._deny()
            raise refused()
        self._allow()


class PerProcess(Counted):
    """A list in memory of what was given up: the worker that served the log-out knows, and no other."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit)
        self._least: dict[int, int] = {}

    def admit(self, user: HasTokens, version: int) -> None:
        """One look-up."""
        self._decide(version >= self._least.get(user.id, 0))

    async def revoke(self, work: UnitOfWork, user: HasTokens) -> int:
        """New tokens get the row's version, so that they are good everywhere."""
        version = await super().revoke(work, user)
        work.after_commit(partial(self._least.__setitem__, user.id, version))
        return version


class Shared(Counted):
    """The row that is read for every request anyway says which version is good, to every worker at once."""

    def admit(self, user: HasTokens, version: int) -> None:
        """One comparison."""
        self._decide(version == user.token_version)


REVOCATION: Factor[Revocation] = Factor(
    name="revocation",
    kind="control",
    threat="A stolen token stays good after its owner logged out or changed the password",
    owasp=("API2",),
    asvs=("7.4.1",),
    cwe=("613",),
    cost_hypothesis="Under 1 µs per signed-in request: one more column of a row that is read anyway, and a comparison",
    journeys=("signed_in_reader", "author"),
    levels=(
        Level(
            "off",
            "weak",
            "a token is good until it ends",
            Off,
            trips=("token_after_log_out", "token_after_password_change"),
        ),
        Level(
            "per_process",
            "weak",
            "each worker remembers what was given up there",
            PerProcess,
            trips=("token_after_log_out", "token_after_password_change"),
            workers=2,
        ),
        Level("shared", "strong", "the user's row has the version of good tokens", Shared),
    ),
)
