import re

from django.http import JsonResponse

from shop.models import Product


def find(request):
    wanted = request.GET["q"]
    found = [product.name for product in Product.objects.all()[:500] if re.search(wanted, product.name)]
    return JsonResponse({"found": found})
