"""The route class of every endpoint: a unit of work around it, and as little as possible between it and the server.

FastAPI reads an endpoint's signature, documents it and routes to it. At run time its general solver of dependencies
would cost 60 µs a request, more than the SQL of most reads, to find what is always the same: a visit and path
parameters. So this class calls the endpoint with those itself, and refuses endpoints that ask for anything else.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from target_app.unit_of_work import UnitOfWork
from target_app.web.answers import Answer
from target_app.web.errors import ApiError, documented

if TYPE_CHECKING:  # levels are built on what stands here
    from target_app.tuning.serializer import Serializer

Visitor = Callable[[Request, UnitOfWork], Awaitable[Any]]
#: Where an operation in the OpenAPI document names the role that it needs.
REQUIRED_ROLE = "x-required-role"


class PathParameter(NamedTuple):
    """A part of the path: its name there, the endpoint's name for it, and what reads it; text needs no reading."""

    alias: str
    name: str
    adapter: TypeAdapter[Any] | None


class Route(APIRoute):
    """An endpoint of the form `endpoint(visit: Anyone | SignedIn, path parameters…)`, run in a unit of work."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        # A token may be shown to every operation, each has its rate limit, and each needs the database, which may be
        # away. Every body may be too large.
        too_large = (413,) if "requestBody" in (options.get("openapi_extra") or {}) else ()
        options["responses"] = {**documented(401, 403, *too_large, 429, 503), **(options.get("responses") or {})}
        super().__init__(path, endpoint, **options)
        self._shown = {status: said["model"] for status, said in options["responses"].items() if "model" in said}
        visit, visit_name = self._visit()
        if visit.role is not None:
            self.openapi_extra = {**(self.openapi_extra or {}), REQUIRED_ROLE: visit.role}
        self.app = self._answering(endpoint, visit.visitor, visit_name)
        self._begins, parameter, _ = self.path.partition("{")
        self._exact = not parameter
        self._allowed = self.methods or set()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is for this route. A path without parameters, or another beginning, needs no pattern."""
        path = scope["path"]
        if self._exact and path == self._begins and scope["type"] == "http":
            found = Match.FULL if scope["method"] in self._allowed else Match.PARTIAL
            return found, {"endpoint": self.endpoint, "path_params": {}, "route": self}
        if self._exact or not path.startswith(self._begins):
            return Match.NONE, {}
        return super().matches(scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; who asked by another method is told which there are."""
        if scope["method"] in self._allowed:
            await self.app(scope, receive, send)
        else:
            await super().handle(scope, receive, send)

    def _answering(self, endpoint: Callable[..., Awaitable[Response]], visitor: Visitor, visit_name: str) -> ASGIApp:
        """The ASGI app that calls the endpoint; what it raises is for the app's exception handlers."""
        parameters = self._path_parameters()
        shown = self._shown

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope, receive, send)
            refuse_nul(scope)
            work = UnitOfWork(scope["app"].state.parts.database)
            try:
                visit = await visitor(request, work)
                arguments = read_path(parameters, scope["path_params"]) if parameters else {}
                response = await endpoint(**{visit_name: visit}, **arguments)
                if isinstance(response, Answer):
                    serializer: Serializer = scope["app"].state.parts.serializer
                    response.write(serializer.encoded(response.content, shown[response.status_code]))
            except BaseException:
                await work.rollback()
                raise
            await work.commit()
            await response(scope, receive, send)

        return answer

    def _visit(self) -> tuple[Any, str]:
        """The endpoint's one dependency, and the name of the parameter that takes it."""
        asked = self.dependant
        others = (asked.query_params, asked.header_params, asked.cookie_params, asked.body_params)
        if len(asked.dependencies) != 1 or any(others):
            raise TypeError(f"{self.endpoint.__name__} must take a visit and path parameters, and nothing else")
        (dependency,) = asked.dependencies
        return dependency.call, str(dependency.name)

    def _path_parameters(self) -> tuple[PathParameter, ...]:
        return tuple(
            PathParameter(field.alias, field.name, path_adapter(field.field_info))
            for field in self.dependant.path_params
        )


def path_adapter(info: FieldInfo) -> TypeAdapter[Any] | None:
    """What reads a path parameter as its annotation says; None for text, which is read already."""
    if info.annotation is str:
        return None
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[info.annotation, info])  # type: ignore[arg-type]  # as FastAPI
    return adapter


def read_path(parameters: tuple[PathParameter, ...], given: Mapping[str, str]) -> dict[str, Any]:
    """The endpoint's arguments. Raises ApiError 422 for a part that cannot be read."""
    arguments: dict[str, Any] = {}
    for alias, name, adapter in parameters:
        try:
            arguments[name] = given[alias] if adapter is None else adapter.validate_python(given[alias])
        except ValidationError:
            raise ApiError(422, {alias: ["is invalid"]}) from None
    return arguments


def refuse_nul(scope: Scope) -> None:
    """No stored text holds a NUL, and PostgreSQL refuses to be asked for one."""
    if b"%00" in scope["raw_path"] or b"%00" in scope["query_string"]:
        raise ApiError(422, {"path": ["is invalid"]})
