import logging

from aiohttp import web

log = logging.getLogger(__name__)


@web.middleware
async def errors(request, handler):
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except Exception as problem:
        log.exception("failed")
        return web.json_response({"error": "failed", "kind": type(problem).__name__ and "internal"}, status=500)
