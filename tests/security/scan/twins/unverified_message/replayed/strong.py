import hashlib
import hmac
import time

from flask import Flask, abort, request

from app.orders import mark_paid
from app.settings import settings

app = Flask(__name__)


@app.post("/webhooks/payments")
def paid():
    sent = request.headers["X-Timestamp"]
    expected = hmac.new(settings.secret, sent.encode() + request.data, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers["X-Signature"]) or abs(time.time() - int(sent)) > 300:
        abort(401)
    mark_paid(request.json["order"])
    return {}
