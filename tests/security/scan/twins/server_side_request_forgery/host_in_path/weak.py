import urllib.request

from django.http import HttpResponse


def avatar(request):
    host = request.GET["host"]
    with urllib.request.urlopen(f"https://{host}/avatar.png", timeout=3) as answer:
        return HttpResponse(answer.read(), content_type="image/png")
