from fastapi import APIRouter, Response
from starlette.responses import RedirectResponse

from target_app.accounts.endpoints import Id as AccountId
from target_app.accounts.schemas import AccountQuery, Appointment, Suspension
from target_app.audit.rows import entry_shown, verdict_shown
from target_app.audit.schemas import AuditQuery
from target_app.controls.page_session import COOKIE_PATH
from target_app.moderation.endpoints import Id as ReportId
from target_app.moderation.schemas import Decision, ReportQuery
from target_app.pages.templates import STYLE
from target_app.pages.visit import AdminForm, AdminPage, AnyonesForm, AnyonesPage, StaffForm, StaffPage
from target_app.users.endpoints import peer_address
from target_app.users.roles import ROLES
from target_app.users.schemas import LogIn
from target_app.web.errors import ApiError
from target_app.web.reading import read_query
from target_app.web.route import Route

router = APIRouter(prefix=COOKIE_PATH, route_class=Route, include_in_schema=False)
SIGN_IN = f"{COOKIE_PATH}/sign-in"
REPORTS = f"{COOKIE_PATH}/reports"
USERS = f"{COOKIE_PATH}/users"
#: What a refused sign-in is told; 403 only to whoever knew the password.
PROBLEMS = {
    401: "E-mail address or password is wrong.",
    403: "This account may not sign in here.",
    422: "Fill in both fields.",
    429: "Too many attempts. Try again later.",
}


def see(path: str) -> Response:
    """Go there: what was done is done once, whatever is loaded again."""
    return RedirectResponse(path, 303)


@router.get("")
async def front(visit: StaffPage) -> Response:
    """The pages begin with the queue."""
    del visit
    return see(REPORTS)


@router.get("/style.css")
async def style(visit: AnyonesPage) -> Response:
    """The one style sheet."""
    del visit
    return Response(STYLE, media_type="text/css")


@router.get("/sign-in")
async def sign_in_page(visit: AnyonesPage) -> Response:
    """The form, with a cookie that its token belongs to."""
    if visit.session:
        return visit.page("sign_in.html", problem=None)
    sessions = visit.parts.pages.sessions
    drawn = sessions.draw()
    answer = visit._replace(session=drawn).page("sign_in.html", problem=None)
    sessions.give(answer, drawn, https=visit.https)
    return answer


@router.post("/sign-in")
async def sign_in(visit: AnyonesForm) -> Response:
    """A session, or the form again with what was wrong."""
    pages = visit.parts.pages
    try:
        claimed = visit.read(LogIn)
        value = await pages.sign_in.sign_in(visit.work, claimed, peer_address(visit.request), visit.session)
    except ApiError as error:
        answer = visit.page("sign_in.html", error.status, problem=PROBLEMS.get(error.status, "Please try again."))
        answer.headers.update(error.headers or {})
        return answer
    answer = see(REPORTS)
    pages.sessions.give(answer, value, https=visit.https)
    return answer


@router.post("/sign-out")
async def sign_out(visit: StaffForm) -> Response:
    """The session's end."""
    pages, asked = visit.parts.pages, visit.asked
    await pages.sign_in.sign_out(visit.work, visit.user, asked.session)
    answer = see(SIGN_IN)
    pages.sessions.drop(answer, https=asked.https)
    return answer


@router.get("/reports")
async def reports(visit: StaffPage) -> Response:
    """The queue."""
    asked = read_query(visit.asked.request, ReportQuery)
    found = await visit.parts.reports.page(visit.work, asked)
    return visit.page("reports.html", status=asked.status, **found)


@router.get("/reports/{id}")
async def report(visit: StaffPage, report_id: ReportId) -> Response:
    """A report, and while it is open the form that closes it."""
    return visit.page("report.html", report=await visit.parts.reports.one(visit.work, report_id))


@router.post("/reports/{id}")
async def decide(visit: StaffForm, report_id: ReportId) -> Response:
    """A decision."""
    await visit.parts.reports.decide(visit.work, report_id, visit.asked.read(Decision), visit.user)
    return see(f"{REPORTS}/{report_id}")


@router.get("/users")
async def users(visit: StaffPage) -> Response:
    """Accounts by name."""
    asked = read_query(visit.asked.request, AccountQuery)
    found = await visit.parts.accounts.page(visit.work, asked)
    return visit.page("users.html", name=asked.name, show=asked.show, **found)


@router.get("/users/{id}")
async def account(visit: StaffPage, user_id: AccountId) -> Response:
    """An account, and the forms that change it."""
    shown = await visit.parts.accounts.one(visit.work, user_id)
    may_act = visit.parts.functions.above(visit.user, shown["role"])
    return visit.page("user.html", account=shown, roles=ROLES, may_act=may_act)


@router.post("/users/{id}/suspension")
async def suspend(visit: StaffForm, user_id: AccountId) -> Response:
    """A suspension."""
    await visit.parts.accounts.suspend(visit.work, user_id, visit.asked.read(Suspension), visit.user)
    return see(f"{USERS}/{user_id}")


@router.post("/users/{id}/reinstatement")
async def reinstate(visit: StaffForm, user_id: AccountId) -> Response:
    """A suspension's end."""
    await visit.parts.accounts.reinstate(visit.work, user_id, visit.user)
    return see(f"{USERS}/{user_id}")


@router.post("/users/{id}/role")
async def set_role(visit: AdminForm, user_id: AccountId) -> Response:
    """Another role."""
    role = visit.asked.read(Appointment).role
    await visit.parts.accounts.set_role(visit.work, user_id, role, visit.user)
    return see(f"{USERS}/{user_id}")


@router.get("/audit")
async def audit(visit: AdminPage) -> Response:
    """The audit log."""
    rows, following = await visit.parts.audit.page(visit.work, read_query(visit.asked.request, AuditQuery))
    return visit.page("audit.html", entries=[entry_shown(row) for row in rows], next=following)


@router.get("/audit/verification")
async def verification(visit: AdminPage) -> Response:
    """Whether the audit log is whole."""
    return visit.page("verification.html", verdict=verdict_shown(await visit.parts.audit.verify(visit.work)))
