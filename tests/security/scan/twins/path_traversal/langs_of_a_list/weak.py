import json

from aiohttp import web

LANGUAGES = frozenset({"en", "de", "fr"})


async def texts(request):
    language = request.match_info["language"]
    if len(language) > 20:
        raise web.HTTPNotFound
    with open(f"/srv/texts/{language}.json") as file:
        return web.json_response(json.load(file))
