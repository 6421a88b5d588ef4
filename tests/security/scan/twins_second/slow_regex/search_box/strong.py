import re

from django.http import JsonResponse

from shop.models import Product


def find(request):
    wanted = request.GET["q"]
    found = [product.name for product in Product.objects.all()[:500] if wanted.lower() in product.name.lower()]
    return JsonResponse({"found": found})
