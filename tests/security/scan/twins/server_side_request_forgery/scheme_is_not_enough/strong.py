from urllib.parse import urlparse

import requests
from django.http import HttpResponse, HttpResponseBadRequest

PARTNERS = ["api.partner.example", "feeds.partner.example"]


def feed(request):
    url = request.POST["url"]
    parts = urlparse(url)
    if parts.scheme != "https" or parts.netloc not in PARTNERS:
        return HttpResponseBadRequest()
    return HttpResponse(requests.get(url, timeout=5).content)
