import urllib.request

from django.http import HttpResponse


def avatar(request):
    name = request.GET["name"]
    with urllib.request.urlopen(f"https://avatars.example.com/{name}.png", timeout=3) as answer:
        return HttpResponse(answer.read(), content_type="image/png")
