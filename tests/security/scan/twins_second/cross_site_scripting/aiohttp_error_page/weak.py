from html import escape

from aiohttp import web

routes = web.RouteTableDef()


@routes.get("/find/{term}")
async def find(request):
    term = request.match_info["term"]
    return web.Response(text="<h2>No results for " + term + "</h2>", content_type="text/html")
