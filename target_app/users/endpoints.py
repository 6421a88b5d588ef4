from fastapi import APIRouter, Request, Response

from target_app.users.schemas import LogInBody, NewUserBody, ProfileAnswer, UserAnswer, UserUpdateBody
from target_app.web.answers import json_answer
from target_app.web.errors import documented
from target_app.web.reading import described, read_body
from target_app.web.route import Route
from target_app.web.visit import Anyone, SignedIn

router = APIRouter(prefix="/api", route_class=Route)

#: A transport that names no peer (a Unix socket, a test) counts as one address.
NO_ADDRESS = "unknown"


def peer_address(request: Request) -> str:
    """The address that the connection comes from."""
    return request.client.host if request.client else NO_ADDRESS


@router.post(
    "/users",
    status_code=201,
    tags=["users"],
    openapi_extra=described(body=NewUserBody),
    responses={201: {"model": UserAnswer}, **documented(409, 422, 503)},
)
async def register(visit: Anyone) -> Response:
    """Register a user."""
    body = await read_body(visit.request, NewUserBody)
    return json_answer({"user": await visit.parts.users.register(visit.work, body.user)}, 201)


@router.post(
    "/users/login",
    tags=["users"],
    openapi_extra=described(body=LogInBody),
    responses={200: {"model": UserAnswer}, **documented(401, 422, 429, 503)},
)
async def log_in(visit: Anyone) -> Response:
    """Log in with an e-mail address and a password."""
    body = await read_body(visit.request, LogInBody)
    address = peer_address(visit.request)
    return json_answer({"user": await visit.parts.users.log_in(visit.work, body.user, address)})


@router.post(
    "/users/logout",
    status_code=204,
    tags=["users"],
    response_class=Response,
    openapi_extra=described(signed=True),
    responses=documented(401),
)
async def log_out(visit: SignedIn) -> Response:
    """Log out everywhere: all of the user's tokens, tickets, streams and sessions of pages end."""
    await visit.parts.users.log_out(visit.work, visit.user)
    return Response(status_code=204)


@router.get(
    "/user",
    tags=["users"],
    openapi_extra=described(signed=True),
    responses={200: {"model": UserAnswer}, **documented(401)},
)
async def current_user(visit: SignedIn) -> Response:
    """The signed-in user."""
    return json_answer({"user": visit.parts.users.shown(visit.user)})


@router.put(
    "/user",
    tags=["users"],
    openapi_extra=described(body=UserUpdateBody, signed=True),
    responses={200: {"model": UserAnswer}, **documented(401, 409, 422, 503)},
)
async def update_user(visit: SignedIn) -> Response:
    """Change the signed-in user. A new password ends all of the user's tokens but the one in the answer."""
    body = await read_body(visit.request, UserUpdateBody)
    return json_answer({"user": await visit.parts.users.update(visit.work, visit.user, body.user)})


@router.get(
    "/profiles/{username}",
    tags=["profiles"],
    openapi_extra=described(),
    responses={200: {"model": ProfileAnswer}, **documented(401, 404, 422)},
)
async def profile(visit: Anyone, username: str) -> Response:
    """A user as others see him or her."""
    return json_answer({"profile": await visit.parts.users.profile(visit.work, username, visit.user)})


@router.post(
    "/profiles/{username}/follow",
    tags=["profiles"],
    openapi_extra=described(signed=True),
    responses={200: {"model": ProfileAnswer}, **documented(401, 404, 422)},
)
async def follow(visit: SignedIn, username: str) -> Response:
    """Follow a user."""
    return json_answer({"profile": await visit.parts.users.follow(visit.work, username, visit.user)})


@router.delete(
    "/profiles/{username}/follow",
    tags=["profiles"],
    openapi_extra=described(signed=True),
    responses={200: {"model": ProfileAnswer}, **documented(401, 404, 422)},
)
async def unfollow(visit: SignedIn, username: str) -> Response:
    """Stop following a user."""
    return json_answer({"profile": await visit.parts.users.unfollow(visit.work, username, visit.user)})
