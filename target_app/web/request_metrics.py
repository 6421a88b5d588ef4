import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from target_app.metrics import Metrics

#: Where in the scope the template of a route stands that was answered without routing.
ROUTE = "target_app.route"
#: Stands in the scope once the answer has begun.
BEGUN = "target_app.begun"
#: Set in the scope of an answer that is sent as things happen, without an end of its own: it is timed up to its head.
STREAM = "target_app.stream"
#: Methods are a label: one that nobody knows must not make a new series.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def route_of(scope: Scope) -> str:
    """The template of the route that answered."""
    return str(scope.get(ROUTE) or getattr(scope.get("route"), "path_format", "unmatched"))


class RequestMetrics:
    """Counts and times every request by its route's template, so that labels are bounded."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on and measure."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                scope[BEGUN] = True
                if STREAM in scope:
                    self._answered(scope, status, began)
            await send(message)

        began = time.perf_counter()
        self._metrics.in_flight.inc()
        try:
            await self._app(scope, receive, watch)
        finally:
            if STREAM not in scope:
                self._answered(scope, status, began)

    def _answered(self, scope: Scope, status: int, began: float) -> None:
        self._metrics.in_flight.dec()
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.request(method, route_of(scope), status, time.perf_counter() - began)
