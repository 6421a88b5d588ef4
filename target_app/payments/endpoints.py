from fastapi import APIRouter, Response

from target_app.payments.schemas import LARGEST_EVENT, REPLAYED_HEADER, SIGNED, ProviderEvent
from target_app.provider_secrets import SIGNATURE_HEADER
from target_app.web.errors import documented
from target_app.web.reading import described, parsed, read_raw
from target_app.web.route import Route
from target_app.web.visit import Anyone

router = APIRouter(prefix="/api", tags=["payments"], route_class=Route)


@router.post(
    "/payments/webhook",
    status_code=204,
    response_class=Response,
    openapi_extra=described(body=ProviderEvent, headers=SIGNED),
    responses=documented(401, 422, 503),
)
async def hear_provider(visit: Anyone) -> Response:
    """An event of the payment provider, signed by it. One that was heard before changes nothing."""
    body = await read_raw(visit.request, LARGEST_EVENT)
    visit.parts.provider_events.verify(body, visit.request.headers.get(SIGNATURE_HEADER))
    first = await visit.parts.provider_events.hear(visit.work, parsed(body, ProviderEvent))
    return Response(status_code=204, headers=None if first else {REPLAYED_HEADER: "true"})
