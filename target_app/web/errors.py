"""Errors as the contract shapes them: `{"errors": {field: [message, …]}}`."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import orjson
from fastapi import Request
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from target_app.database import DatabaseAwayError, DatabaseBusyError

Fields = Mapping[str, list[str]]


class ApiError(Exception):
    """An answer other than success: status, and what is wrong by field."""

    def __init__(self, status: int, fields: Fields, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, fields)
        self.status = status
        self.fields = fields
        self.headers = headers


class ErrorsBody(BaseModel):
    """The body of every error."""

    errors: dict[str, list[str]] = Field(examples=[{"title": ["can't be blank"]}])


DESCRIPTIONS = {
    400: "The request cannot be understood",
    401: "No token, or none that is accepted",
    403: "The account is suspended, or the object belongs to another user",
    404: "There is no such object for this user",
    409: "What there is already stands against it",
    413: "The body is too large",
    415: "The body is of a media type that is not taken here",
    422: "A value is not acceptable",
    429: "Too many attempts, or requests; Retry-After says when to come back",
    503: "Too much work is waiting, or the database is away; Retry-After says when to come back",
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an operation for OpenAPI."""
    return {status: {"model": ErrorsBody, "description": DESCRIPTIONS[status]} for status in statuses}


def missing_token() -> ApiError:
    """No token, or none whose user exists."""
    return ApiError(401, {"token": ["is missing"]})


def not_found(what: str) -> ApiError:
    """There is no such object for this user."""
    return ApiError(404, {what: ["not found"]})


def forbidden(what: str) -> ApiError:
    """The object belongs to somebody else."""
    return ApiError(403, {what: ["forbidden"]})


def taken(fields: list[str]) -> ApiError:
    """Other users have these."""
    return ApiError(409, {field: ["has already been taken"] for field in fields})


def busy() -> ApiError:
    """Too much is waiting; a second later there may be room."""
    return ApiError(503, {"server": ["is busy"]}, {"Retry-After": "1"})


def error_response(status: int, fields: Fields, headers: Mapping[str, str] | None = None) -> Response:
    """One error as an answer."""
    return Response(orjson.dumps({"errors": fields}), status, headers, media_type="application/json")


async def on_api_error(_request: Request, error: ApiError) -> Response:
    """An error that the code raised."""
    return error_response(error.status, error.fields, error.headers)


#: What the framework answers by itself, in the contract's shape.
FRAMEWORK_FIELDS: Mapping[int, Fields] = {
    400: {"request": ["is invalid"]},
    404: {"path": ["not found"]},
    405: {"method": ["not allowed"]},
}


async def on_http_exception(_request: Request, error: HTTPException) -> Response:
    """An error that the framework raised."""
    fields = FRAMEWORK_FIELDS.get(error.status_code, {"request": [error.detail]})
    return error_response(error.status_code, fields, error.headers)


async def on_away(_request: Request, _error: Exception) -> Response:
    """The database is away, and may be back in a second."""
    return error_response(503, {"database": ["is not available"]}, {"Retry-After": "1"})


async def on_busy(_request: Request, _error: Exception) -> Response:
    """The database had no connection to give in time, or gave a statement up."""
    refusal = busy()
    return error_response(refusal.status, refusal.fields, refusal.headers)


#: Handlers that every treatment has; what happens to an unexpected exception is the control errors_and_docs.
HANDLERS: Mapping[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {
    ApiError: on_api_error,
    HTTPException: on_http_exception,
    DatabaseAwayError: on_away,
    DatabaseBusyError: on_busy,
}
