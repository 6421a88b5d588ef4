from aiohttp import web

from app import reports

KINDS = {"daily", "weekly"}


async def report(request):
    kind = request.query["kind"]
    return web.json_response(getattr(reports, kind)())
