from django.http import JsonResponse

from shop.models import Order


def orders(request):
    status = request.GET["status"]
    found = Order.objects.raw("SELECT * FROM shop_order WHERE status = '{}'".format(status))
    return JsonResponse({"orders": [order.pk for order in found]})
