from typing import Annotated

from fastapi import APIRouter, Path, Response

from target_app.accounts.schemas import AccountAnswer, AccountQuery, AccountsAnswer, AppointmentBody, SuspensionBody
from target_app.schema import LARGEST_INTEGER
from target_app.web.answers import json_answer
from target_app.web.errors import documented
from target_app.web.reading import described, read_body, read_query
from target_app.web.route import Route
from target_app.web.visit import Admin, Moderator

router = APIRouter(prefix="/api", tags=["administration"], route_class=Route)
# By number: a name may hold what a path cannot.
Id = Annotated[int, Path(alias="id", ge=0, le=LARGEST_INTEGER)]


@router.get(
    "/moderation/users",
    openapi_extra=described(query=AccountQuery, signed=True),
    responses={200: {"model": AccountsAnswer}, **documented(401, 403, 422)},
)
async def list_accounts(visit: Moderator) -> Response:
    """Accounts by name: all, those of staff, or suspended ones."""
    return json_answer(await visit.parts.accounts.page(visit.work, read_query(visit.request, AccountQuery)))


@router.get(
    "/moderation/users/{id}",
    openapi_extra=described(signed=True),
    responses={200: {"model": AccountAnswer}, **documented(401, 403, 404, 422)},
)
async def one_account(visit: Moderator, user_id: Id) -> Response:
    """An account."""
    return json_answer({"user": await visit.parts.accounts.one(visit.work, user_id)})


@router.put(
    "/moderation/users/{id}/suspension",
    openapi_extra=described(body=SuspensionBody, signed=True),
    responses={200: {"model": AccountAnswer}, **documented(401, 403, 404, 422)},
)
async def suspend(visit: Moderator, user_id: Id) -> Response:
    """Suspend a reader's account, at once and everywhere. Admins may suspend moderators too."""
    body = await read_body(visit.request, SuspensionBody)
    account = await visit.parts.accounts.suspend(visit.work, user_id, body.suspension, visit.user)
    return json_answer({"user": account})


@router.delete(
    "/moderation/users/{id}/suspension",
    openapi_extra=described(signed=True),
    responses={200: {"model": AccountAnswer}, **documented(401, 403, 404, 422)},
)
async def reinstate(visit: Moderator, user_id: Id) -> Response:
    """End a suspension."""
    return json_answer({"user": await visit.parts.accounts.reinstate(visit.work, user_id, visit.user)})


@router.put(
    "/admin/users/{id}/role",
    openapi_extra=described(body=AppointmentBody, signed=True),
    responses={200: {"model": AccountAnswer}, **documented(401, 403, 404, 422)},
)
async def set_role(visit: Admin, user_id: Id) -> Response:
    """Give a role to somebody who is no admin."""
    body = await read_body(visit.request, AppointmentBody)
    return json_answer({"user": await visit.parts.accounts.set_role(visit.work, user_id, body.user.role, visit.user)})
