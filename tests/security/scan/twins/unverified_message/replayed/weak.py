import hashlib
import hmac
import time

from flask import Flask, abort, request

from app.orders import mark_paid
from app.settings import settings

app = Flask(__name__)


@app.post("/webhooks/payments")
def paid():
    expected = hmac.new(settings.secret, request.data, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers["X-Signature"]):
        abort(401)
    mark_paid(request.json["order"])
    return {}
