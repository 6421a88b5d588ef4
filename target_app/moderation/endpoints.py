from typing import Annotated

from fastapi import APIRouter, Path, Response

from target_app.moderation.schemas import (
    DecisionBody,
    NewReportBody,
    ReceiptAnswer,
    ReportAnswer,
    ReportQuery,
    ReportsAnswer,
)
from target_app.schema import LARGEST_INTEGER
from target_app.web.answers import json_answer
from target_app.web.errors import documented
from target_app.web.reading import described, read_body, read_query
from target_app.web.route import Route
from target_app.web.visit import Moderator, SignedIn

router = APIRouter(prefix="/api", tags=["moderation"], route_class=Route)
Id = Annotated[int, Path(alias="id", ge=0, le=LARGEST_INTEGER)]


@router.post(
    "/articles/{slug}/reports",
    status_code=201,
    openapi_extra=described(body=NewReportBody, signed=True),
    responses={201: {"model": ReceiptAnswer}, **documented(401, 404, 409, 422)},
)
async def report_article(visit: SignedIn, slug: str) -> Response:
    """Have a moderator look at an article. One open report a reader and article."""
    body = await read_body(visit.request, NewReportBody)
    report = await visit.parts.reports.report_article(visit.work, slug, body.report, visit.viewer)
    return json_answer({"report": report}, 201)


@router.post(
    "/articles/{slug}/comments/{id}/reports",
    status_code=201,
    openapi_extra=described(body=NewReportBody, signed=True),
    responses={201: {"model": ReceiptAnswer}, **documented(401, 404, 409, 422)},
)
async def report_comment(visit: SignedIn, slug: str, comment_id: Id) -> Response:
    """Have a moderator look at a comment. One open report a reader and comment."""
    body = await read_body(visit.request, NewReportBody)
    report = await visit.parts.reports.report_comment(visit.work, slug, comment_id, body.report, visit.viewer)
    return json_answer({"report": report}, 201)


@router.get(
    "/moderation/reports",
    openapi_extra=described(query=ReportQuery, signed=True),
    responses={200: {"model": ReportsAnswer}, **documented(401, 403, 422)},
)
async def list_reports(visit: Moderator) -> Response:
    """The queue: open reports with the oldest first, or closed ones with the newest first."""
    return json_answer(await visit.parts.reports.page(visit.work, read_query(visit.request, ReportQuery)))


@router.get(
    "/moderation/reports/{id}",
    openapi_extra=described(signed=True),
    responses={200: {"model": ReportAnswer}, **documented(401, 403, 404, 422)},
)
async def one_report(visit: Moderator, report_id: Id) -> Response:
    """A report with what it is about."""
    return json_answer({"report": await visit.parts.reports.one(visit.work, report_id)})


@router.post(
    "/moderation/reports/{id}/decision",
    openapi_extra=described(body=DecisionBody, signed=True),
    responses={200: {"model": ReportAnswer}, **documented(401, 403, 404, 409, 422)},
)
async def decide(visit: Moderator, report_id: Id) -> Response:
    """Close a report: dismiss it, or remove what it is about. Nobody decides about his or her own work."""
    body = await read_body(visit.request, DecisionBody)
    return json_answer({"report": await visit.parts.reports.decide(visit.work, report_id, body.decision, visit.user)})
