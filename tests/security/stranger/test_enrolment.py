"""Identities are made in the ways that backends have, found out from the document and from the answers."""

import base64
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from security.stranger.document import read_document
from security.stranger.sources import IdentitiesError, load_identities
from security.stranger.suite import attack
from tests.security.stranger.serving import served

Names = Callable[[Request], str | None]


def application(
    given: Callable[[str], Response], taken: Names, *, form: bool = False, at_once: bool = False
) -> Starlette:
    """Accounts whose credential is given by `given`, and by which `taken` knows who asks."""
    accounts: dict[str, str] = {}

    async def join(request: Request) -> Response:
        body = await request.json()
        account = body.get("user", body)
        if len(account["password"]) < 10:
            return JSONResponse({}, 422)
        accounts[account["email"]] = account["password"]
        return given(account["email"]) if at_once else JSONResponse({}, 201)

    async def log_in(request: Request) -> Response:
        sent: Any = await request.form() if form else await request.json()
        body = sent.get("user", sent)
        email = body.get("email", body.get("username"))
        return given(email) if accounts.get(email) == body["password"] else JSONResponse({}, 401)

    async def me(request: Request) -> Response:
        name = taken(request)
        return JSONResponse({"email": name}) if name in accounts else JSONResponse({}, 401)

    return Starlette(
        routes=[Route("/users", join, methods=["POST"]), Route("/sessions", log_in, methods=["POST"]), Route("/me", me)]
    )


def described(
    scheme: dict[str, Any] | None,
    *,
    wrapped: bool = False,
    media: str = "application/json",
    log_in: bool = True,
    name: str = "email",
) -> str:
    """The document of such an application."""

    def operation(media: str, name: str) -> dict[str, Any]:
        properties = {name: {"type": "string"}, "password": {"type": "string"}}
        schema: dict[str, Any] = {"type": "object", "required": list(properties), "properties": properties}
        if wrapped:
            schema = {"type": "object", "required": ["user"], "properties": {"user": schema}}
        return {"post": {"requestBody": {"content": {media: {"schema": schema}}}, "responses": {}}}

    paths: dict[str, Any] = {"/users": operation("application/json", "email"), "/me": {"get": {"responses": {}}}}
    if log_in:
        paths["/sessions"] = operation(media, name)
    components = {"securitySchemes": {"s": scheme}} if scheme else {}
    return json.dumps({"openapi": "3.0.0", "info": {"title": "T"}, "paths": paths, "components": components})


def bearing(scheme: str) -> Names:
    return lambda request: (
        request.headers.get("authorization", "").removeprefix(scheme).removeprefix("token-of-")
        if request.headers.get("authorization", "").startswith(scheme + "token-of-")
        else None
    )


def in_header(name: str) -> Names:
    return lambda request: request.headers.get(name, "").removeprefix("token-of-") or None


def basic(request: Request) -> str | None:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    return base64.b64decode(text).decode().split(":")[0] if scheme == "Basic" else None


BEARER = {"type": "http", "scheme": "bearer"}
WAYS: dict[str, tuple[Starlette, str]] = {
    "bearer, declared": (
        application(lambda name: JSONResponse({"data": {"accessToken": f"token-of-{name}"}}), bearing("Bearer ")),
        described(BEARER),
    ),
    "bearer, guessed": (
        application(lambda name: JSONResponse({"jwt": f"token-of-{name}"}), bearing("Bearer ")), described(None)
    ),
    "another word than bearer": (
        application(lambda name: JSONResponse({"user": {"token": f"token-of-{name}"}}), bearing("Token ")),
        described({"type": "apiKey", "in": "header", "name": "Authorization"}, wrapped=True),
    ),
    "an API key of the registration": (
        application(lambda name: JSONResponse({"api_key": f"token-of-{name}"}, 201), in_header("x-api-key"), at_once=True),
        described({"type": "apiKey", "in": "header", "name": "X-API-Key"}, log_in=False),
    ),
    "a key in the query": (
        application(lambda name: JSONResponse({"key": f"token-of-{name}"}), lambda request: request.query_params.get("key", "").removeprefix("token-of-")),
        described({"type": "apiKey", "in": "query", "name": "key"}),
    ),
    "a token in a header of the answer": (
        application(lambda name: Response(status_code=204, headers={"x-auth-token": f"token-of-{name}"}), in_header("x-auth-token")),
        described(None),
    ),
    "a cookie": (
        application(lambda name: Response(status_code=204, headers={"set-cookie": f"sid=token-of-{name}; HttpOnly"}), lambda request: request.cookies.get("sid", "").removeprefix("token-of-")),
        described({"type": "apiKey", "in": "cookie", "name": "sid"}),
    ),
    "basic": (application(lambda _: Response(status_code=204), basic), described({"type": "http", "scheme": "basic"}, log_in=False)),
    "a form of OAuth 2, with the address as name": (
        application(lambda name: JSONResponse({"access_token": f"token-of-{name}", "token_type": "bearer"}), bearing("Bearer "), form=True),
        described({"type": "oauth2", "flows": {}}, media="application/x-www-form-urlencoded", name="username"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_two_identities_are_made(way: str) -> None:
    """Registered, logged in, and recognised where a visitor is refused."""
    app, document = WAYS[way]
    with served(app) as url:
        report = attack(url, read_document(document), requests=40)
    assert "GET /me" in report.coverage["reached"]["alice"]
    assert "GET /me" in report.coverage["reached"]["bob"]
    assert "anonymous" not in report.coverage["reached"]


def test_without_registration_and_identities_nothing_can_be_tried() -> None:
    """Every check says why, and what to do."""
    document = json.dumps({"openapi": "3.0.0", "paths": {"/me": {"get": {"responses": {}}}}})
    with served(application(lambda _: Response(), lambda _: None)) as url:
        report = attack(url, read_document(document))
    assert {outcome.result.value for outcome in report.outcomes} == {"could_not_run"}
    assert "--identities" in report.outcomes[0].evidence


@pytest.mark.parametrize("suffix", ["toml", "json"])
def test_identities_come_from_a_file(tmp_path: Path, suffix: str) -> None:
    """With a password they log in as the document shows; here nobody can register."""
    counter = itertools.count()
    app, document = WAYS["bearer, declared"]
    pairs = [
        {"email": f"{name}@example.com", "password": f"a long password {next(counter)}"} for name in ("ann", "ben")
    ]
    file = tmp_path / f"identities.{suffix}"
    tables = "\n".join(f'[[identity]]\nemail = "{one["email"]}"\npassword = "{one["password"]}"' for one in pairs)
    file.write_text(json.dumps(pairs) if suffix == "json" else tables)
    raw = json.loads(document)
    with served(app) as url:
        import httpx

        for one in pairs:
            assert httpx.post(f"{url}/users", json=one).status_code == 201
        del raw["paths"]["/users"]
        report = attack(url, read_document(json.dumps(raw)), load_identities(file), requests=60)
    assert "GET /me" in report.coverage["reached"]["bob"]


@pytest.mark.parametrize(
    "text", ["", "[[identity]]", "identity = 1", '[[identity]]\nusername="a"\n[[identity]]\nusername="b"', "{"]
)
def test_a_file_without_two_identities_is_refused(tmp_path: Path, text: str) -> None:
    """With a sentence that says what must stand in it."""
    file = tmp_path / "identities.toml"
    file.write_text(text)
    with pytest.raises(IdentitiesError):
        load_identities(file)
