import hashlib
import hmac
import time

from django.http import HttpResponse, HttpResponseForbidden

from app.keys import hook_key
from shop.orders import settle


def payment_webhook(request):
    stamp = request.headers["X-Time"]
    expected = hmac.new(hook_key(), stamp.encode() + request.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers["X-Mac"]) or time.time() - float(stamp) > 60:
        return HttpResponseForbidden()
    settle(request.POST["order"])
    return HttpResponse()
