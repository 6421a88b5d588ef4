import os

from django.http import FileResponse, Http404

ROOT = "/srv/media"


def media(request, name):
    name = name.replace("../", "")
    return FileResponse(open(os.path.join(ROOT, name), "rb"))
