import requests
from django.http import JsonResponse
from django.views.decorators.http import require_GET

PROVIDERS = {"video": "https://video.example.com/oembed", "photo": "https://photo.example.com/oembed"}


@require_GET
def oembed(request):
    endpoint = PROVIDERS[request.GET["provider"]]
    answer = requests.get(endpoint, params={"url": request.GET["url"]}, timeout=4)
    return JsonResponse(answer.json())
