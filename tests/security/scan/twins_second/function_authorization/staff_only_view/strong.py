from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.urls import path

from shop.models import Order


@staff_member_required
def revenue(request):
    return JsonResponse({"orders": Order.objects.count()})


urlpatterns = [path("admin/revenue/", revenue)]
