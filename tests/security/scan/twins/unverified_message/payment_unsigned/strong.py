import hashlib
import hmac
import time

from fastapi import APIRouter, HTTPException, Request

from app.orders import mark_paid
from app.settings import settings

router = APIRouter()


@router.post("/webhooks/payments")
async def paid(request: Request):
    body = await request.body()
    sent = request.headers["x-timestamp"]
    expected = hmac.new(settings.secret, sent.encode() + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers["x-signature"]) or abs(time.time() - int(sent)) > 300:
        raise HTTPException(401)
    await mark_paid((await request.json())["order"])
    return {}
