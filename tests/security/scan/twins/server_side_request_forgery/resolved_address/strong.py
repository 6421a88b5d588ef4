import ipaddress
import socket
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web


def public(url):
    host = urlsplit(url).hostname
    address = ipaddress.ip_address(socket.gethostbyname(host))
    return address.is_global


async def fetch(request):
    url = request.query["url"]
    if not public(url):
        raise web.HTTPUnprocessableEntity
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return web.Response(text=await answer.text())
