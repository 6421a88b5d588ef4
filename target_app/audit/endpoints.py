from fastapi import APIRouter, Response

from target_app.audit.rows import entry_shown, verdict_shown
from target_app.audit.schemas import AuditAnswer, AuditQuery, VerificationAnswer
from target_app.web.answers import json_answer
from target_app.web.errors import documented
from target_app.web.reading import described, read_query
from target_app.web.route import Route
from target_app.web.visit import Admin

router = APIRouter(prefix="/api/admin/audit", tags=["administration"], route_class=Route)


@router.get(
    "",
    openapi_extra=described(query=AuditQuery, signed=True),
    responses={200: {"model": AuditAnswer}, **documented(401, 403, 422)},
)
async def list_entries(visit: Admin) -> Response:
    """What was done with privilege, the newest first."""
    rows, following = await visit.parts.audit.page(visit.work, read_query(visit.request, AuditQuery))
    return json_answer({"entries": [entry_shown(row) for row in rows], "next": following})


@router.get(
    "/verification",
    openapi_extra=described(signed=True),
    responses={200: {"model": VerificationAnswer}, **documented(401, 403)},
)
async def verify(visit: Admin) -> Response:
    """Whether the whole log is as it was written."""
    return json_answer({"verification": verdict_shown(await visit.parts.audit.verify(visit.work))})
