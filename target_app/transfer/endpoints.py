from typing import Any

from fastapi import APIRouter, Response

from target_app.transfer.schemas import (
    LARGEST_FILE,
    MEDIA_TYPES,
    ExportFile,
    ExportQuery,
    ImportAnswer,
    ImportFile,
)
from target_app.web.answers import json_answer
from target_app.web.errors import documented
from target_app.web.reading import described, media_type, read_query, read_raw
from target_app.web.route import Route
from target_app.web.visit import SignedIn

router = APIRouter(prefix="/api/user/articles", tags=["integrations"], route_class=Route)
YAML: dict[str, Any] = {MEDIA_TYPES["yaml"]: {"schema": ExportFile.model_json_schema()}}


@router.get(
    "/export",
    openapi_extra=described(query=ExportQuery, signed=True),
    responses={200: {"model": ExportFile, "content": YAML}, **documented(401, 422, 503)},
)
async def export_articles(visit: SignedIn) -> Response:
    """A part of one's own articles, drafts included, as a file that can be imported; `next` leads to the rest."""
    query = read_query(visit.request, ExportQuery)
    content = await visit.parts.uploads.transfer.export(visit.work, query, visit.viewer)
    headers = {"Content-Disposition": f'attachment; filename="articles.{query.format}"'}
    return Response(content, headers=headers, media_type=MEDIA_TYPES[query.format])


@router.post(
    "/import",
    status_code=201,
    openapi_extra=described(body=ImportFile, media_types=tuple(MEDIA_TYPES.values()), signed=True),
    responses={201: {"model": ImportAnswer}, **documented(401, 415, 422, 503)},
)
async def import_articles(visit: SignedIn) -> Response:
    """Publish the articles of a file, or keep them as drafts, as it says: all of them or, if one is refused, none."""
    await visit.work.release()  # a body may take its time, and a connection of the pool must not wait for it
    content = await read_raw(visit.request, LARGEST_FILE)
    made = await visit.parts.uploads.transfer.import_file(visit.work, content, media_type(visit.request), visit.user)
    return json_answer({"articles": made}, 201)
