from typing import Annotated

from fastapi import APIRouter, Path, Response

from target_app.schema import LARGEST_INTEGER
from target_app.web.answers import json_answer
from target_app.web.errors import documented
from target_app.web.reading import described, read_body, read_query
from target_app.web.route import Route
from target_app.web.visit import SignedIn
from target_app.webhooks.schemas import (
    DeliveriesAnswer,
    DeliveryAnswer,
    DeliveryQuery,
    NewWebhookAnswer,
    NewWebhookBody,
    WebhookAnswer,
    WebhooksAnswer,
)

router = APIRouter(prefix="/api/webhooks", tags=["integrations"], route_class=Route)
WebhookId = Annotated[int, Path(alias="id", ge=0, le=LARGEST_INTEGER)]
DeliveryId = Annotated[int, Path(alias="delivery", ge=0, le=LARGEST_INTEGER)]


@router.post(
    "",
    status_code=201,
    openapi_extra=described(body=NewWebhookBody, signed=True),
    responses={201: {"model": NewWebhookAnswer}, **documented(401, 409, 422)},
)
async def create_webhook(visit: SignedIn) -> Response:
    """Be told of events: comments on one's own articles, their sales, their publication. Ten webhooks at most."""
    body = await read_body(visit.request, NewWebhookBody)
    return json_answer({"webhook": await visit.parts.webhooks.create(visit.work, body.webhook, visit.viewer)}, 201)


@router.get(
    "",
    openapi_extra=described(signed=True),
    responses={200: {"model": WebhooksAnswer}, **documented(401)},
)
async def list_webhooks(visit: SignedIn) -> Response:
    """One's own webhooks."""
    return json_answer({"webhooks": await visit.parts.webhooks.all_of(visit.work, visit.viewer)})


@router.get(
    "/{id}",
    openapi_extra=described(signed=True),
    responses={200: {"model": WebhookAnswer}, **documented(401, 404, 422)},
)
async def get_webhook(visit: SignedIn, webhook_id: WebhookId) -> Response:
    """One of one's own webhooks."""
    return json_answer({"webhook": await visit.parts.webhooks.one(visit.work, webhook_id, visit.viewer)})


@router.delete(
    "/{id}",
    status_code=204,
    response_class=Response,
    openapi_extra=described(signed=True),
    responses=documented(401, 404, 422),
)
async def delete_webhook(visit: SignedIn, webhook_id: WebhookId) -> Response:
    """Delete a webhook and what was to be delivered to it."""
    await visit.parts.webhooks.delete(visit.work, webhook_id, visit.viewer)
    return Response(status_code=204)


@router.get(
    "/{id}/deliveries",
    openapi_extra=described(query=DeliveryQuery, signed=True),
    responses={200: {"model": DeliveriesAnswer}, **documented(401, 404, 422)},
)
async def list_deliveries(visit: SignedIn, webhook_id: WebhookId) -> Response:
    """What was delivered to a webhook within seven days, or is to be, the newest first."""
    query = read_query(visit.request, DeliveryQuery)
    return json_answer(await visit.parts.webhooks.deliveries(visit.work, webhook_id, query, visit.viewer))


@router.post(
    "/{id}/deliveries/{delivery}/retry",
    openapi_extra=described(signed=True),
    responses={200: {"model": DeliveryAnswer}, **documented(401, 404, 409, 422)},
)
async def retry_delivery(visit: SignedIn, webhook_id: WebhookId, delivery_id: DeliveryId) -> Response:
    """Make a dead delivery once more."""
    delivery = await visit.parts.webhooks.retry(visit.work, webhook_id, delivery_id, visit.viewer)
    return json_answer({"delivery": delivery})
