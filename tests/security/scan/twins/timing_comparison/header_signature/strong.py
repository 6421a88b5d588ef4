import base64
import hashlib
import hmac

from aiohttp import web


class Hook:
    def __init__(self, key):
        self._key = key

    def _mac(self, body):
        return base64.b64encode(hmac.digest(self._key, body, hashlib.sha256)).decode()

    async def receive(self, request):
        if not hmac.compare_digest(self._mac(await request.read()), request.headers.get("X-Signature", "")):
            raise web.HTTPUnauthorized
        return web.Response()
