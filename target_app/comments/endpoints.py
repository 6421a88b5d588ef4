from typing import Annotated

from fastapi import APIRouter, Path, Response

from target_app.comments.schemas import CommentAnswer, CommentsAnswer, NewCommentBody
from target_app.schema import LARGEST_INTEGER
from target_app.web.answers import json_answer
from target_app.web.errors import documented
from target_app.web.reading import described, read_body
from target_app.web.route import Route
from target_app.web.visit import Anyone, SignedIn

router = APIRouter(prefix="/api/articles/{slug}/comments", tags=["comments"], route_class=Route)


@router.get(
    "",
    openapi_extra=described(),
    responses={200: {"model": CommentsAnswer}, **documented(401, 404, 422)},
)
async def list_comments(visit: Anyone, slug: str) -> Response:
    """All comments on an article, the newest first."""
    return json_answer({"comments": await visit.parts.comments.of_article(visit.work, slug, visit.viewer)})


@router.post(
    "",
    status_code=201,
    openapi_extra=described(body=NewCommentBody, signed=True),
    responses={201: {"model": CommentAnswer}, **documented(401, 404, 422)},
)
async def add_comment(visit: SignedIn, slug: str) -> Response:
    """Say something about an article."""
    body = await read_body(visit.request, NewCommentBody)
    return json_answer({"comment": await visit.parts.comments.add(visit.work, slug, body.comment, visit.viewer)}, 201)


@router.delete(
    "/{id}",
    status_code=204,
    response_class=Response,
    openapi_extra=described(signed=True),
    responses=documented(401, 403, 404, 422),
)
async def delete_comment(
    visit: SignedIn, slug: str, comment_id: Annotated[int, Path(alias="id", ge=0, le=LARGEST_INTEGER)]
) -> Response:
    """Take one's own comment back."""
    await visit.parts.comments.delete(visit.work, slug, comment_id, visit.viewer)
    return Response(status_code=204)
