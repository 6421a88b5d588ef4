import hashlib
import hmac

from starlette.responses import Response

from parcels.store import mark_delivered


async def carrier_webhook(request):
    event = await request.json()
    await mark_delivered(event["parcel"])
    return Response(status_code=204)
