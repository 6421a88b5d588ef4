"""Who may use which function, by role."""

from typing import Any, Protocol

from target_app.controls.model import Factor, Kit, Level
from target_app.users.roles import ROLES, Role
from target_app.web.errors import ApiError
from target_app.web.route import REQUIRED_ROLE

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

    def documented(self, paths: dict[str, Any]) -> dict[str, Any]:
        """The paths of the OpenAPI document that are shown."""


class Anyone:
    """Being signed in is taken for permission: the user interface shows the button to staff alone."""

    def __init__(self, _kit: Kit) -> None:
        return None

    def require(self, _user: HasRole, _role: Role) -> None:
        """Everybody with a token."""
        return

    def require_above(self, _user: HasRole, _subject: Role) -> None:
        """Against everybody."""
        return

    def above(self, _user: HasRole, _subject: Role) -> bool:
        """Everybody is."""
        return True

    def require_impartial(self, _user_id: int, _author_id: int) -> None:
        """One's own work too."""
        return

    def documented(self, paths: dict[str, Any]) -> dict[str, Any]:
        """All."""
        return paths


class HiddenRoute(Anyone):
    """What nobody is told of, nobody will call: operations of staff stand in no document, and are open."""

    def documented(self, paths: dict[str, Any]) -> dict[str, Any]:
        """All but those that name a role."""
        shown = {
            path: {method: operation for method, operation in methods.items() if REQUIRED_ROLE not in operation}
            for path, methods in paths.items()
        }
        return {path: methods for path, methods in shown.items() if methods}


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

    def documented(self, paths: dict[str, Any]) -> dict[str, Any]:
        """All: a route is no secret."""
        return paths

    def _decide(self, allowed: bool, field: str = "role", problem: str = "is not sufficient") -> None:
        if not allowed:
            self._deny()
            raise ApiError(403, {field: [problem]})
        self._allow()


FUNCTION_AUTHZ: Factor[FunctionAuthz] = Factor(
    name="function_authz",
    kind="control",
    threat="A reader uses what is meant for moderators and admins",
    owasp=("API5",),
    asvs=("8.2.1",),
    cwe=("285",),
    cost_hypothesis="Nothing that can be measured: two small integers are compared in requests of staff alone",
    journeys=("moderator", "auditor"),
    levels=(
        Level(
            "off",
            "weak",
            "being signed in is enough",
            Anyone,
            trips=("staff_read", "staff_act", "self_promotion"),
        ),
        Level(
            "hidden_route",
            "weak",
            "being signed in is enough, and no document shows the way",
            HiddenRoute,
            trips=("staff_read", "staff_act", "self_promotion"),
        ),
        Level("roles", "strong", "the role that the database has at this request", Roles),
    ),
)
