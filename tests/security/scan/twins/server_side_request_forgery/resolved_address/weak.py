import ipaddress
import socket
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web


async def fetch(request):
    url = request.query["url"]
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return web.Response(text=await answer.text())
