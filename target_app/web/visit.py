"""Who asks: the one dependency of every endpoint."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Request

from target_app.parts import Parts
from target_app.unit_of_work import UnitOfWork
from target_app.users.repository import UserRow
from target_app.users.roles import Role
from target_app.web.errors import missing_token

SCHEME = "Token"


class Visit(NamedTuple):
    """A request with its unit of work and its user, None for an anonymous one."""

    request: Request
    parts: Parts
    work: UnitOfWork
    user: UserRow | None

    @property
    def viewer(self) -> int | None:
        """The user's id."""
        return None if self.user is None else self.user.id


class SignedVisit(NamedTuple):
    """A request of a signed-in user."""

    request: Request
    parts: Parts
    work: UnitOfWork
    user: UserRow

    @property
    def viewer(self) -> int:
        """The user's id."""
        return self.user.id


async def visit(request: Request, work: UnitOfWork) -> Visit:
    """A visit by anybody. Raises ApiError 401 where a token is shown that is not accepted."""
    parts: Parts = request.app.state.parts
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme != SCHEME or not token:
        return Visit(request, parts, work, None)
    return Visit(request, parts, work, await parts.authenticator.authenticated(work, token))


async def signed_visit(request: Request, work: UnitOfWork) -> SignedVisit:
    """A visit by a signed-in user. Raises ApiError 401 for any other."""
    _, parts, work, user = await visit(request, work)
    if user is None:
        raise missing_token()
    return SignedVisit(request, parts, work, user)


async def moderator_visit(request: Request, work: UnitOfWork) -> SignedVisit:
    """A visit by a moderator or an admin. Raises ApiError 401, 403 for any other."""
    found = await signed_visit(request, work)
    found.parts.functions.require(found.user, "moderator")
    return found


async def admin_visit(request: Request, work: UnitOfWork) -> SignedVisit:
    """A visit by an admin. Raises ApiError 401, 403 for any other."""
    found = await signed_visit(request, work)
    found.parts.functions.require(found.user, "admin")
    return found


class By:
    """Marks the parameter of an endpoint that takes the visit; `web.route.Route` calls `visitor`.

    `role` is what `visitor` asks for, as the OpenAPI document says it.
    """

    def __init__(self, visitor: Callable[[Request, UnitOfWork], Awaitable[Any]], role: Role | None = None) -> None:
        self.visitor = visitor
        self.role = role

    def __call__(self) -> None:
        """FastAPI reads this signature and finds nothing to document."""
        raise TypeError("an endpoint that takes a visit must be added with the route class Route")


Anyone = Annotated[Visit, Depends(By(visit))]
SignedIn = Annotated[SignedVisit, Depends(By(signed_visit))]
Moderator = Annotated[SignedVisit, Depends(By(moderator_visit, "moderator"))]
Admin = Annotated[SignedVisit, Depends(By(admin_visit, "admin"))]
