"""The pages as an app of their own: every answer under their path is a page, refusals too, with the strict headers."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import orjson
from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Match, Router
from starlette.types import Message, Receive, Scope, Send

from target_app.controls.page_session import COOKIE_PATH
from target_app.pages.endpoints import SIGN_IN, router
from target_app.pages.templates import page
from target_app.parts import Parts
from target_app.web.errors import HANDLERS, ApiError

#: What a status is called on a page; any other is a mistake in what was asked for.
TITLES = {
    403: "Not allowed",
    404: "Not found",
    409: "Somebody was faster",
    429: "Too many attempts",
    503: "Not available",
}

Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]


def as_page(answer: Handler) -> Handler:
    """What the API would answer, as a page."""

    async def shown(request: Request, error: Exception) -> Response:
        plain = await answer(request, error)
        errors = orjson.loads(plain.body)["errors"]
        problems = [f"{field} {problem}" for field, said in errors.items() for problem in said]
        title = TITLES.get(plain.status_code, "Not understood")
        response = page("error.html", plain.status_code, title=title, problems=problems, user=None, form_token="")
        response.headers.update(
            {name: value for name, value in plain.headers.items() if name in {"allow", "retry-after"}}
        )
        return response

    return shown


def to_sign_in(answer: Handler) -> Handler:
    """Whoever is not signed in is asked to."""

    async def shown(request: Request, error: Any) -> Response:
        if error.status == 401:
            return RedirectResponse(SIGN_IN, 303)
        return await answer(request, error)

    return shown


def handlers() -> Mapping[Any, Handler]:
    """The API's refusals, each as a page."""
    pages = {kind: as_page(handler) for kind, handler in HANDLERS.items()}
    return {**pages, ApiError: to_sign_in(pages[ApiError]), HTTPException: pages[HTTPException]}


class PagesRoute(BaseRoute):
    """Everything under the path of the pages."""

    def __init__(self) -> None:
        self._app = ExceptionMiddleware(Router(router.routes, redirect_slashes=False), handlers())

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """By the beginning of the path alone."""
        path = scope.get("path", "")
        under = scope["type"] == "http" and (path == COOKIE_PATH or path.startswith(f"{COOKIE_PATH}/"))
        return (Match.FULL if under else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers of the policy."""
        parts: Parts = scope["app"].state.parts
        added = [(name.lower().encode(), value.encode()) for name, value in parts.pages.policy.headers.items()]

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await self._app(scope, receive, with_headers)
