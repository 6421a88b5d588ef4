from urllib.parse import urlparse

from starlette.responses import RedirectResponse


async def leave(request):
    target = request.query_params["url"]
    if "example.com" not in target:
        target = "/"
    return RedirectResponse(target)
