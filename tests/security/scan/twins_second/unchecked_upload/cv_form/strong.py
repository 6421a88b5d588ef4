import filetype
from django.core.files.storage import default_storage
from django.http import HttpResponse, HttpResponseBadRequest


def upload_cv(request):
    cv = request.FILES["cv"]
    kind = filetype.guess(cv.read(262))
    if kind is None or kind.mime != "application/pdf":
        return HttpResponseBadRequest()
    default_storage.save("cvs/new.pdf", cv)
    return HttpResponse(status=201)
