from urllib.parse import urlparse

from starlette.responses import RedirectResponse


async def leave(request):
    target = request.query_params["url"]
    if urlparse(target).hostname != "example.com":
        target = "/"
    return RedirectResponse(target)
