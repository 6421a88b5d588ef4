import hashlib
import hmac

from starlette.responses import Response

from parcels.store import mark_delivered


async def carrier_webhook(request):
    body = await request.body()
    key = request.app.state.carrier_key
    stamp = request.headers["x-sent-at"]
    expected = hmac.new(key, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers["x-mac"]) or not request.app.state.clock.is_fresh(stamp):
        return Response(status_code=401)
    event = await request.json()
    if await request.app.state.seen_events.add(event["id"]):
        await mark_delivered(event["parcel"])
    return Response(status_code=204)
