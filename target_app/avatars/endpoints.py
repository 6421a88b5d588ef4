from fastapi import APIRouter, Response

from target_app.avatars.schemas import LARGEST_PICTURE, AvatarAnswer, AvatarForm
from target_app.web.answers import json_answer
from target_app.web.errors import documented
from target_app.web.multipart import read_file
from target_app.web.reading import described
from target_app.web.route import Route
from target_app.web.visit import Anyone, SignedIn

router = APIRouter(prefix="/api", tags=["integrations"], route_class=Route)


@router.put(
    "/user/avatar",
    openapi_extra=described(body=AvatarForm, media_types=("multipart/form-data",), signed=True),
    responses={200: {"model": AvatarAnswer}, **documented(401, 415, 422, 503)},
)
async def upload_avatar(visit: SignedIn) -> Response:
    """Show a picture in one's profile: its middle, as a square of 256 pixels at most."""
    await visit.work.release()  # a body may take its time, and a connection of the pool must not wait for it
    upload = await read_file(visit.request, "avatar", LARGEST_PICTURE)
    return json_answer({"avatar": await visit.parts.uploads.avatars.upload(visit.work, upload, visit.user)})


@router.delete(
    "/user/avatar",
    status_code=204,
    response_class=Response,
    openapi_extra=described(signed=True),
    responses=documented(401),
)
async def delete_avatar(visit: SignedIn) -> Response:
    """Take the picture back, if there is one."""
    await visit.parts.uploads.avatars.delete(visit.work, visit.user)
    return Response(status_code=204)


@router.get(
    "/avatars/{name:path}",
    response_class=Response,
    openapi_extra=described(),
    responses={
        200: {"description": "The picture", "content": {"image/webp": {}}},
        304: {"description": "The client has it: If-None-Match"},
        **documented(401, 404, 422),
    },
)
async def show_avatar(visit: Anyone, name: str) -> Response:
    """A picture of somebody; what is under a name never changes."""
    shown = visit.parts.uploads.avatars.shown(name)
    if visit.request.headers.get("if-none-match") == shown.tag:
        return Response(status_code=304, headers=shown.validators)
    return Response(shown.content, headers={**shown.validators, **shown.headers})
