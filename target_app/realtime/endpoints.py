from fastapi import APIRouter, Response
from pydantic import ValidationError
from starlette.datastructures import QueryParams
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from target_app.parts import Parts
from target_app.realtime.connections import EventStream, run_websocket
from target_app.realtime.schemas import StreamQuery, TicketAnswer
from target_app.unit_of_work import UnitOfWork
from target_app.web.answers import json_answer
from target_app.web.errors import documented
from target_app.web.reading import described, refusal
from target_app.web.route import Route
from target_app.web.visit import Anyone, SignedIn

router = APIRouter(prefix="/api", route_class=Route)


@router.post(
    "/tickets",
    status_code=201,
    tags=["real time"],
    openapi_extra=described(signed=True),
    responses={201: {"model": TicketAnswer}, **documented(401, 503)},
)
async def issue_ticket(visit: SignedIn) -> Response:
    """A ticket, which opens one stream or WebSocket within 30 s."""
    return json_answer({"ticket": await visit.parts.realtime.service.issue(visit.work, visit.user.session)}, 201)


@router.get(
    "/events",
    status_code=200,
    tags=["real time"],
    response_class=Response,
    openapi_extra=described(query=StreamQuery),
    responses={
        200: {"description": 'Each event is `{"type", "data"}`', "content": {"text/event-stream": {}}},
        **documented(401, 404, 422, 429, 503),
    },
)
async def events(visit: Anyone) -> Response:
    """Server-sent events: comments on the articles named, followed authors' new articles, the user's own orders.

    Either a token or a ticket is needed. The last event, `restart` or `overflow`, says why the server ends the stream.
    """
    query = stream_query(visit.request.query_params)
    realtime = visit.parts.realtime
    holder = await realtime.service.holder(query.ticket) if visit.user is None else visit.user.session
    subscriber = await realtime.service.open(visit.work, holder, query.article, "sse")
    return EventStream(subscriber, realtime.hub, realtime.heartbeat_s)


def stream_query(parameters: QueryParams) -> StreamQuery:
    """The query of a stream. Raises ApiError 422."""
    try:
        return StreamQuery(ticket=parameters.get("ticket"), article=parameters.getlist("article"))
    except ValidationError as error:
        raise refusal(error, depth=0) from None


class Stream:
    """The WebSocket. What is refused is refused before the upgrade, with an HTTP status and the contract's body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection. Raises ApiError 401, 403, 404, 422, 429 and 503."""
        parts: Parts = scope["app"].state.parts
        realtime = parts.realtime
        handshake = WebSocket(scope, receive, send)
        await receive()
        realtime.policy.admit_socket(handshake.headers.getlist("origin"), handshake.headers["host"])
        query = stream_query(handshake.query_params)
        work = UnitOfWork(parts.database)
        try:
            holder = await realtime.service.holder(query.ticket)
            subscriber = await realtime.service.open(work, holder, query.article, "websocket")
        finally:
            await work.rollback()
        del handshake, query, work
        await run_websocket(scope, receive, send, subscriber, realtime.hub, realtime.heartbeat_s)


stream_route = WebSocketRoute("/api/stream", Stream())
