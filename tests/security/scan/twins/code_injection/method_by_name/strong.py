from aiohttp import web

from app import reports

KINDS = {"daily", "weekly"}


async def report(request):
    kind = request.query["kind"]
    if kind not in KINDS:
        raise web.HTTPNotFound
    return web.json_response(getattr(reports, kind)())
