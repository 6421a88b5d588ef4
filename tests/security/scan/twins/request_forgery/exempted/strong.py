from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bank.transfers import transfer


@require_POST
def send(request):
    transfer(request.user, request.POST["to"], int(request.POST["amount"]))
    return JsonResponse({})
