from django.http import JsonResponse

from shop.models import Customer


def customers(request):
    return JsonResponse({"customers": list(Customer.objects.filter(active=True).values())})
