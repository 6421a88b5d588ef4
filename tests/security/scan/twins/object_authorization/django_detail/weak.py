from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.shortcuts import get_object_or_404

from shop.models import Invoice


@login_required
def invoice(request, pk):
    found = get_object_or_404(Invoice, pk=pk)
    return JsonResponse({"total": found.total})
