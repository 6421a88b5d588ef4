"""The unit in which prices are compared between machines: a bare Starlette JSON response."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def ok(_request: Request) -> JSONResponse:
    """`{"ok":1}`."""
    return JSONResponse({"ok": 1})


app = Starlette(routes=[Route("/", ok), Route("/health", ok)])
