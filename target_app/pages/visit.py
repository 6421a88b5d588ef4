"""Who asks for a page: by a session instead of a token, and with a form instead of a body."""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ValidationError

from target_app.controls.page_session import COOKIE
from target_app.pages.templates import page
from target_app.parts import Parts
from target_app.unit_of_work import UnitOfWork
from target_app.users.repository import UserRow
from target_app.web.errors import ApiError
from target_app.web.reading import read_raw, refusal
from target_app.web.visit import By

Model = TypeVar("Model", bound=BaseModel)
#: Bytes and fields of the largest form.
LARGEST_FORM = 16 * 1024
MOST_FIELDS = 20
#: The hidden field of every form.
TOKEN = "form_token"


class PageVisit(NamedTuple):
    """A request for a page, with the value of the cookie ("" without one) and the fields of a form."""

    request: Request
    parts: Parts
    work: UnitOfWork
    session: str
    form: Mapping[str, str]

    @property
    def https(self) -> bool:
        """Whether it came over TLS."""
        return self.request.url.scheme == "https"

    def page(self, template: str, status: int = 200, /, **shown: Any) -> Response:
        """A page whose forms this browser may send."""
        token = self.parts.pages.tokens.token(self.session)
        return page(template, status, form_token=token, user=None, **shown)

    def read(self, model: type[Model]) -> Model:
        """The form as `model`. Raises ApiError 422."""
        try:
            return model.model_validate(self.form)
        except ValidationError as error:
            raise refusal(error, depth=0) from None


class StaffVisit(NamedTuple):
    """The same, by somebody who is signed in."""

    asked: PageVisit
    user: UserRow

    @property
    def parts(self) -> Parts:
        """The server's parts."""
        return self.asked.parts

    @property
    def work(self) -> UnitOfWork:
        """The request's unit of work."""
        return self.asked.work

    def page(self, template: str, /, **shown: Any) -> Response:
        """A page with the navigation of the user's role."""
        token = self.parts.pages.tokens.token(self.asked.session)
        return page(template, 200, form_token=token, user=self.user, **shown)


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form. Raises ApiError 413, 422."""
    body = await read_raw(request, LARGEST_FORM)
    try:
        return dict(
            parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
        )
    except ValueError:  # no ASCII, no UTF-8 behind the percent signs, or too many fields
        raise ApiError(422, {"form": ["is invalid"]}) from None


async def page_visit(request: Request, work: UnitOfWork) -> PageVisit:
    """A visit by anybody."""
    return PageVisit(request, request.app.state.parts, work, request.cookies.get(COOKIE, ""), {})


async def form_visit(request: Request, work: UnitOfWork) -> PageVisit:
    """A form by anybody, from a page of ours. Raises ApiError 403, 413, 422."""
    visit = await page_visit(request, work)
    pages = visit.parts.pages
    pages.policy.admit_form(request.headers)
    form = await read_form(request)
    pages.tokens.admit(visit.session, form.pop(TOKEN, ""))
    return visit._replace(form=form)


async def staff(visit: PageVisit) -> StaffVisit:
    """The visit of whoever is signed in. Raises ApiError 401, 403: role and suspension are read for every request."""
    parts, work = visit.parts, visit.work
    user = await parts.authenticator.active(work, await parts.pages.sessions.holder(work, visit.session))
    parts.functions.require(user, "moderator")
    return StaffVisit(visit, user)


async def staff_page(request: Request, work: UnitOfWork) -> StaffVisit:
    """A page for staff. Raises ApiError 401, 403."""
    return await staff(await page_visit(request, work))


async def staff_form(request: Request, work: UnitOfWork) -> StaffVisit:
    """A form of staff. Raises ApiError 401, 403, 413, 422."""
    return await staff(await form_visit(request, work))


async def admin_page(request: Request, work: UnitOfWork) -> StaffVisit:
    """A page for admins. Raises ApiError 401, 403."""
    visit = await staff_page(request, work)
    visit.parts.functions.require(visit.user, "admin")
    return visit


async def admin_form(request: Request, work: UnitOfWork) -> StaffVisit:
    """A form of admins. Raises ApiError 401, 403, 413, 422."""
    visit = await staff_form(request, work)
    visit.parts.functions.require(visit.user, "admin")
    return visit


AnyonesPage = Annotated[PageVisit, Depends(By(page_visit))]
AnyonesForm = Annotated[PageVisit, Depends(By(form_visit))]
StaffPage = Annotated[StaffVisit, Depends(By(staff_page))]
StaffForm = Annotated[StaffVisit, Depends(By(staff_form))]
AdminPage = Annotated[StaffVisit, Depends(By(admin_page))]
AdminForm = Annotated[StaffVisit, Depends(By(admin_form))]
