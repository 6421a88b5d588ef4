"""Where an unexpected exception ends: in the log and in an answer, not in the server below."""

import logging

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from target_app.controls.errors_and_docs import Handler
from target_app.web.request_metrics import BEGUN

LOG = logging.getLogger(__name__)


class Failures:
    """Answers an unexpected exception. One that went on to the server would cost the client its connection.

    Where the answer had begun, it goes on nevertheless: only a cut connection tells the client that some is missing.
    """

    def __init__(self, app: ASGIApp, answer: Handler) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; answer what failed."""
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            if scope["type"] != "http" or BEGUN in scope:
                raise
            LOG.exception("a request failed: %r %r", scope["method"], scope["path"])
            response = await self._answer(Request(scope), error)
            await response(scope, receive, send)
