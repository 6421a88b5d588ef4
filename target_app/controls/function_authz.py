"""Who may use which function, by role."""

from typing import Protocol

from target_app.controls.model import Kit
from target_app.users.roles import ROLES, Role
from target_app.web.errors import ApiError

RANKS = {role: rank for rank, role in enumerate(ROLES)}


class HasRole(Protocol):
    """Somebody who is signed in."""

    @property
    def role(self) -> Role:
        """As it stands in the database at this request."""


class FunctionAuthz(Protocol):
    """Decides about functions, whatever they are used on."""

    def require(self, user: HasRole, role: Role) -> None:
        """Raises ApiError 403 where the user's role is less than this one."""

    def require_above(self, user: HasRole, subject: Role) -> None:
        """Raises ApiError 403 where the user may not act against somebody of this role."""

    def above(self, user: HasRole, subject: Role) -> bool:
        """The same as an answer, for what is shown: nothing is decided or counted."""

    def require_impartial(self, user_id: int, author_id: int) -> None:
        """Raises ApiError 403 where the user may not judge this author's work."""


class Roles:
    """Each role may do all that the roles below it may, and nobody acts against equals, which oneself is too."""

    def __init__(self, kit: Kit) -> None:
        self._allow = kit.metrics.decision("function_authz", "allow")
        self._deny = kit.metrics.decision("function_authz", "deny")

    def require(self, user: HasRole, role: Role) -> None:
        """The role itself or a higher one."""
        self._decide(RANKS[user.role] >= RANKS[role])

    def require_above(self, user: HasRole, subject: Role) -> None:
        """A moderator against readers, an admin against moderators too."""
        self._decide(self.above(user, subject))

    def above(self, user: HasRole, subject: Role) -> bool:
        """By rank."""
        return RANKS[user.role] > RANKS[subject]

    def require_impartial(self, user_id: int, author_id: int) -> None:
        """Everybody's but one's own."""
        self._decide(user_id != author_id, "report", "is about your own work")

    def _decide(self, allowed: bool, field: str = "role", problem: str = "is not sufficient") -> None:
        if not allowed:
            self._deny()
            raise ApiError(403, {field: [problem]})
        self._allow()
