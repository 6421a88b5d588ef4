from starlette.types import ASGIApp, Receive, Scope, Send

from target_app.web.errors import error_response


class HostCheck:
    """Answers only requests that name this server, so that a page elsewhere cannot reach it by rebinding its name."""

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower().encode() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what names this server."""
        if scope["type"] in {"http", "websocket"}:
            hosts = [value for name, value in scope["headers"] if name == b"host"]
            if len(hosts) != 1 or hosts[0].lower() not in self._names:
                await error_response(400, {"host": ["is not served here"]})(scope, receive, send)
                return
        await self._app(scope, receive, send)
