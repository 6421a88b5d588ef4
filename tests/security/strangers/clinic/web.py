"""What every route of the clinic uses."""

from typing import Any, cast

from flask import current_app, request

from tests.security.strangers.clinic.rules import Refusal, Rules
from tests.security.strangers.clinic.store import Row, row
from tests.security.strangers.fields import Check, read
from tests.security.strangers.serving import Options


def rules() -> Rules:
    """The form that this process serves."""
    return cast("Rules", current_app.extensions["rules"])


def options() -> Options:
    """What it was started with."""
    return cast("Options", current_app.extensions["options"])


def claims() -> Row:
    """The claims of the request's token."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal(401, "sign in first", **{"WWW-Authenticate": "Bearer"})
    return rules().read_token(token)


def signed_in() -> Row:
    """The owner whose token the request carries."""
    found = row("SELECT * FROM owners WHERE id = ?", int(claims()["sub"]))
    if found is None:
        raise Refusal(401, "sign in first", **{"WWW-Authenticate": "Bearer"})
    return found


def body(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Row:
    """The fields of the request's JSON."""
    return read(json_body(), required, optional)


def json_body() -> Any:
    """The request's JSON; what is none is refused."""
    try:
        return request.get_json()
    except RecursionError as error:
        raise Refusal(400, "the body is nested too deeply") from error


def client_address() -> str:
    """Who is at the other end of the connection."""
    return request.remote_addr or ""
