"""What an unexpected failure tells, and which routes beside the API answer."""

import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from fastapi import FastAPI, Request
from sqlalchemy import select
from starlette.responses import JSONResponse, PlainTextResponse, Response

from target_app.controls.model import Factor, Kit, Level, StaticFinding
from target_app.unit_of_work import UnitOfWork
from target_app.users.models import users
from target_app.web.errors import error_response

Handler = Callable[[Request, Exception], Awaitable[Response]]

UNDOCUMENTED: Mapping[str, Any] = {"docs_url": None, "redoc_url": None, "openapi_url": None}
DOCUMENTED: Mapping[str, Any] = {"docs_url": "/docs", "redoc_url": None, "openapi_url": "/openapi.json"}


class ErrorsAndDocs(Protocol):
    """The options FastAPI is made with, the answer to an unexpected exception, and routes beside the API."""

    #: Keyword arguments of `FastAPI`: which documentation it serves, and whether it is in debug mode.
    options: Mapping[str, Any]

    async def on_failure(self, request: Request, error: Exception) -> Response:
        """The answer to an unexpected exception."""

    def add_routes(self, app: FastAPI) -> None:
        """Add the routes that this level leaves open."""


class Generic:
    """The client learns that it failed; the log learns why. No documentation, no debug routes."""

    options: Mapping[str, Any] = UNDOCUMENTED

    def __init__(self, _kit: Kit) -> None:
        return None

    async def on_failure(self, _request: Request, _error: Exception) -> Response:
        """One sentence."""
        return error_response(500, {"server": ["failed"]})

    def add_routes(self, _app: FastAPI) -> None:
        """None."""
        return


class StackTrace:
    """The traceback goes into the answer, "so that the front-end can report it"; documentation is served."""

    options: Mapping[str, Any] = DOCUMENTED

    def __init__(self, _kit: Kit) -> None:
        return None

    async def on_failure(self, _request: Request, error: Exception) -> Response:
        """The error and its traceback."""
        lines = traceback.format_exception(error)
        return JSONResponse({"errors": {"server": [str(error)]}, "traceback": lines}, status_code=500)

    def add_routes(self, _app: FastAPI) -> None:
        """None beside FastAPI's own."""
        return


class Debug:
    """The development server, in production: source lines in errors, settings on a page, an old version still up."""

    options: Mapping[str, Any] = DOCUMENTED

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def on_failure(self, _request: Request, error: Exception) -> Response:
        """The traceback as text."""
        return PlainTextResponse("".join(traceback.format_exception(error)), status_code=500)

    def add_routes(self, app: FastAPI) -> None:
        """The debug page, and a version of the API from before authentication."""
        app.add_api_route("/debug", self._debug, include_in_schema=False)
        app.add_api_route("/api/v0/users", self._old_users, include_in_schema=False)

    async def _debug(self) -> dict[str, Any]:
        return {"settings": self._kit.settings.model_dump(mode="json")}

    async def _old_users(self) -> list[dict[str, Any]]:
        work = UnitOfWork(self._kit.database)
        statement = select(users.c.id, users.c.username, users.c.email).order_by(users.c.id).limit(100)
        try:
            return [dict(row._mapping) for row in await (await work.reading()).rows(statement)]
        finally:
            await work.rollback()


ERRORS_AND_DOCS: Factor[ErrorsAndDocs] = Factor(
    name="errors_and_docs",
    kind="control",
    threat="Failures and forgotten routes tell an attacker how the server is built",
    owasp=("API8", "API9"),
    asvs=("16.5.1",),
    cwe=("209",),
    cost_hypothesis="Nothing: it differs only where a request fails",
    journeys=("anonymous_reader",),
    levels=(
        Level(
            "debug",
            "weak",
            "stack traces, documentation, debug page and an old version",
            Debug,
            trips=("error_leak", "docs_exposed"),
            static_findings=(
                StaticFinding("R252", "target_app/controls/errors_and_docs.py", "Debug.on_failure"),
                StaticFinding("R254", "target_app/controls/errors_and_docs.py", "Debug._debug"),
            ),
        ),
        Level(
            "stack_trace",
            "weak",
            "tracebacks in JSON errors, documentation on",
            StackTrace,
            trips=("error_leak", "docs_exposed"),
            static_findings=(
                StaticFinding("R252", "target_app/controls/errors_and_docs.py", "StackTrace.on_failure"),
                StaticFinding("R253", "target_app/controls/errors_and_docs.py", "StackTrace.on_failure"),
            ),
        ),
        Level("generic", "strong", "one sentence for every failure, no documentation", Generic),
    ),
)
