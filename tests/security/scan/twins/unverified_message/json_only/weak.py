import hashlib
import hmac
import time

from django.http import HttpResponse, HttpResponseForbidden

from app.keys import hook_key
from shop.orders import settle


def payment_webhook(request):
    event = request.POST
    settle(event["order"])
    return HttpResponse()
