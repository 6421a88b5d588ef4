"""Whether a log-in that fails tells if there is such an account, by what it says or by how long it takes."""

from typing import Protocol

from target_app.controls.model import Factor, Kit, Level
from target_app.users.passwords import Passwords
from target_app.web.errors import ApiError


class LoginAnswer(Protocol):
    """Compares a password with a stored hash, None for an account that does not exist, and words the refusal."""

    async def prepare(self, passwords: Passwords) -> None:
        """Make what is needed before the first log-in."""

    async def matches(self, passwords: Passwords, password: str, stored: str | None) -> bool:
        """Whether this is the account's password; False for an unknown account."""

    def refusal(self, known: bool) -> ApiError:
        """The answer to a log-in that failed; `known` is whether the account exists."""


class Distinct:
    """Each failure under its own name, and no hashing where there is nothing to compare with."""

    def __init__(self, _kit: Kit) -> None:
        return None

    async def prepare(self, _passwords: Passwords) -> None:
        """Nothing is needed."""
        return

    async def matches(self, passwords: Passwords, password: str, stored: str | None) -> bool:
        """An unknown account is answered at once."""
        return stored is not None and await passwords.verify(password, stored)

    def refusal(self, known: bool) -> ApiError:
        """Helpful to whoever asks."""
        return ApiError(401, {"credentials": ["invalid"]} if known else {"email": ["is not registered"]})


class Uniform:
    """One answer, which takes one hash."""

    def __init__(self, _kit: Kit) -> None:
        self._nobody = ""

    async def prepare(self, passwords: Passwords) -> None:
        """The hash that stands in for unknown accounts."""
        self._nobody = await passwords.hash("nobody's password")

    async def matches(self, passwords: Passwords, password: str, stored: str | None) -> bool:
        """The same work for an unknown account, and then False."""
        right = await passwords.verify(password, self._nobody if stored is None else stored)
        return right and stored is not None

    def refusal(self, known: bool) -> ApiError:  # noqa: ARG002  # that it makes no difference is the control
        """The same words."""
        return ApiError(401, {"credentials": ["invalid"]})


LOGIN_ANSWER: Factor[LoginAnswer] = Factor(
    name="login_answer",
    kind="control",
    threat="Log-ins that fail tell which accounts exist, whose passwords are then guessed",
    owasp=("API2",),
    asvs=("6.3.8",),
    cwe=("204", "208"),
    cost_hypothesis="Nothing for whoever has an account; a whole hash for each log-in to one that does not exist",
    journeys=("log_in",),
    levels=(
        Level(
            "distinct",
            "weak",
            "unknown accounts are named, and answered without a hash",
            Distinct,
            trips=("accounts_named", "accounts_timed"),
        ),
        Level("uniform", "strong", "one answer, after one hash, whether or not the account exists", Uniform),
    ),
)
