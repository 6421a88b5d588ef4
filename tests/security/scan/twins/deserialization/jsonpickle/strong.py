import json

import jsonpickle
from django.http import JsonResponse


def basket(request):
    items = json.loads(request.COOKIES["basket"])
    return JsonResponse({"items": len(items)})
