import json

import jsonpickle
from django.http import JsonResponse


def basket(request):
    items = jsonpickle.decode(request.COOKIES["basket"])
    return JsonResponse({"items": len(items)})
