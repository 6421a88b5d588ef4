import os

from django.http import FileResponse, Http404

ROOT = "/srv/media"


def media(request, name):
    path = os.path.realpath(os.path.join(ROOT, name))
    if not path.startswith(ROOT + os.sep):
        raise Http404
    return FileResponse(open(path, "rb"))
