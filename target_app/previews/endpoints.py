from fastapi import APIRouter, Response

from target_app.previews.schemas import NewPreviewBody, PreviewAnswer
from target_app.web.answers import json_answer
from target_app.web.errors import documented
from target_app.web.reading import described, read_body
from target_app.web.route import Route
from target_app.web.visit import SignedIn

router = APIRouter(prefix="/api", tags=["integrations"], route_class=Route)


@router.post(
    "/link-previews",
    openapi_extra=described(body=NewPreviewBody, signed=True),
    responses={200: {"model": PreviewAnswer}, **documented(401, 422)},
)
async def preview_link(visit: SignedIn) -> Response:
    """What a page on the web says of itself; it is fetched at once, within 3 s."""
    body = await read_body(visit.request, NewPreviewBody)
    return json_answer({"preview": await visit.parts.previews.preview(visit.work, body.preview.url)})
