import tarfile

from django.http import JsonResponse
from django.views.decorators.http import require_POST


@require_POST
def restore(request):
    archive = tarfile.open(fileobj=request.FILES["backup"])
    archive.extractall("/var/lib/app/restore")
    return JsonResponse({"restored": True})
