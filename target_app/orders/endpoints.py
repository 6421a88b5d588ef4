from typing import Annotated

from fastapi import APIRouter, Path, Response

from target_app.articles.schemas import PageQuery
from target_app.orders.rows import shown
from target_app.orders.schemas import (
    IDEMPOTENCY_HEADER,
    REPLAYED_HEADER,
    NewOrderBody,
    OrderAnswer,
    OrdersAnswer,
    idempotency_key,
)
from target_app.schema import LARGEST_INTEGER
from target_app.web.answers import json_answer
from target_app.web.errors import documented
from target_app.web.reading import described, read_body, read_query
from target_app.web.route import Route
from target_app.web.visit import SignedIn

router = APIRouter(prefix="/api/orders", tags=["orders"], route_class=Route)
OrderId = Annotated[int, Path(alias="id", ge=0, le=LARGEST_INTEGER)]


@router.post(
    "",
    status_code=201,
    openapi_extra=described(body=NewOrderBody, headers=IDEMPOTENCY_HEADER, signed=True),
    responses={201: {"model": OrderAnswer}, **documented(401, 404, 409, 422, 503)},
)
async def order(visit: SignedIn) -> Response:
    """Buy an article. Until the payment provider has answered the order is pending; the key makes repeating safe."""
    key = idempotency_key(visit.request.headers.get("idempotency-key"), visit.parts.input_limits.key)
    body = await read_body(visit.request, NewOrderBody)
    placed = await visit.parts.checkout.order(visit.work, body.order, key, visit.viewer)
    answer = json_answer({"order": shown(placed.order)}, 201)
    if placed.replayed:
        answer.headers[REPLAYED_HEADER] = "true"
    return answer


@router.get(
    "",
    openapi_extra=described(query=PageQuery, signed=True),
    responses={200: {"model": OrdersAnswer}, **documented(401, 422)},
)
async def list_orders(visit: SignedIn) -> Response:
    """What the signed-in user has ordered, the newest first."""
    query = read_query(visit.request, PageQuery)
    return json_answer(await visit.parts.orders.page(visit.work, query, visit.viewer))


@router.get(
    "/{id}",
    openapi_extra=described(signed=True),
    responses={200: {"model": OrderAnswer}, **documented(401, 404, 422)},
)
async def get_order(visit: SignedIn, order_id: OrderId) -> Response:
    """An order, for its buyer and for the article's author."""
    return json_answer({"order": shown(await visit.parts.orders.one(visit.work, order_id, visit.viewer))})


@router.post(
    "/{id}/refund",
    openapi_extra=described(signed=True),
    responses={200: {"model": OrderAnswer}, **documented(401, 403, 404, 409, 422, 503)},
)
async def refund(visit: SignedIn, order_id: OrderId) -> Response:
    """Give the money for one's own article back, out of one's own balance."""
    return json_answer({"order": shown(await visit.parts.checkout.refund(visit.work, order_id, visit.viewer))})
