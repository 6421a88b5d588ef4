import os

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import FileResponse
from pyramid.view import view_config

DOCS = "/srv/docs"


@view_config(route_name="doc")
def doc(request):
    page = request.matchdict["page"]
    path = os.path.realpath(os.path.join(DOCS, page + ".pdf"))
    if not path.startswith(DOCS + os.sep) or not os.path.isfile(path):
        raise HTTPNotFound()
    return FileResponse(path, request=request)
