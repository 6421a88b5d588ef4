import hashlib
import hmac
import time

from fastapi import APIRouter, HTTPException, Request

from app.orders import mark_paid
from app.settings import settings

router = APIRouter()


@router.post("/webhooks/payments")
async def paid(request: Request):
    event = await request.json()
    await mark_paid(event["order"])
    return {}
