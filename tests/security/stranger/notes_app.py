"""A notebook with folders: bearer tokens (JWT), JSON, whole numbers as ids, OpenAPI 3.1 with references and allOf."""

import base64
import hashlib
import hmac
import itertools
import json
import secrets
import time
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

# Each flaw, with the check that should find it.
FLAWS = {
    "note_read": "object_read",
    "note_change": "object_changed",
    "note_delete": "object_deleted",
    "nested_read": "object_read",
    "role_at_registration": "account_properties",
    "owner_at_creation": "object_properties",
    "alg_none": "token_unsigned",
    "weak_key": "token_weak_secret",
    "stays_signed_in": "token_after_logout",
    "no_throttle": "login_throttle",
    "tells_accounts": "user_enumeration",
    "short_passwords": "weak_password",
    "shows_hash": "secret_fields",
    "open_admin": "admin_operations",
    "endless_page": "page_size",
    "big_text": "big_body",
    "reflects_origin": "foreign_origin",
    "traceback": "error_leak",
    "shows_reset": "reset_token_shown",
}


def build(flaws: set[str]) -> Starlette:
    """The application with these flaws."""
    return Starlette(routes=_Notes(flaws).routes())


class _Notes:
    def __init__(self, flaws: set[str]) -> None:
        self.flaws = flaws
        self.key = b"secret" if "weak_key" in flaws else secrets.token_bytes(32)
        self.users: dict[str, dict[str, Any]] = {}
        self.folders: dict[int, dict[str, Any]] = {}
        self.notes: dict[int, dict[str, Any]] = {}
        self.ids = itertools.count(1)
        self.ended: set[str] = set()
        self.wrong: dict[str, int] = {}

    def routes(self) -> list[Route]:
        table = [
            ("POST", "/api/register", self.register), ("POST", "/api/login", self.log_in), ("POST", "/api/logout", self.log_out),
            ("GET", "/api/me", self.me), ("GET", "/api/users/{user_id}", self.member), ("POST", "/api/password/forgot", self.forgot),
            ("GET", "/api/folders", self.list_folders), ("POST", "/api/folders", self.make_folder),
            ("GET", "/api/folders/{folder_id}/notes/{note_id}", self.read_nested),
            ("POST", "/api/folders/{folder_id}/notes", self.make_note),
            ("GET", "/api/notes", self.list_notes), ("GET", "/api/notes/{note_id}", self.read),
            ("PUT", "/api/notes/{note_id}", self.change), ("DELETE", "/api/notes/{note_id}", self.delete),
            ("GET", "/api/words", self.words), ("GET", "/api/admin/users", self.admin_users),
        ]  # fmt: skip
        return [Route(path, self.safely(handle), methods=[method]) for method, path, handle in table]

    def safely(self, handle: Any) -> Any:
        async def handled(request: Request) -> Response:
            try:
                answer: Response = await handle(request)
            except HTTPException as refused:
                answer = JSONResponse({"error": refused.detail}, refused.status_code)
            except Exception:
                import traceback

                shown = traceback.format_exc() if "traceback" in self.flaws else "bad request"
                answer = PlainTextResponse(shown, 500 if "traceback" in self.flaws else 400)
            if "reflects_origin" in self.flaws and "origin" in request.headers:
                answer.headers["access-control-allow-origin"] = request.headers["origin"]
                answer.headers["access-control-allow-credentials"] = "true"
            return answer

        return handled

    # Accounts

    async def register(self, request: Request) -> Response:
        body = await self.object(request)
        name, password = str(body["username"]), str(body["password"])
        if len(password) < 10 and "short_passwords" not in self.flaws:
            raise HTTPException(422, "the password is too short")
        if name in self.users:
            raise HTTPException(409, "taken")
        user = {"id": next(self.ids), "username": name, "email": str(body["email"]), "role": "member"}
        if "role_at_registration" in self.flaws:
            user |= {key: value for key, value in body.items() if key != "password"}
        self.users[name] = {**user, "password_hash": hashlib.sha256(password.encode()).hexdigest()}
        return JSONResponse({"data": self.shown(self.users[name])}, 201)

    async def log_in(self, request: Request) -> Response:
        body = await self.object(request)
        name = str(body["username"])
        user = self.users.get(name)
        if self.wrong.get(name, 0) >= 6 and "no_throttle" not in self.flaws:
            raise HTTPException(429, "too many tries")
        digest = hashlib.sha256(str(body["password"]).encode()).hexdigest()
        if user is None or user["password_hash"] != digest:
            self.wrong[name] = self.wrong.get(name, 0) + 1
            known = "tells_accounts" in self.flaws and user is None
            raise HTTPException(401, "no such account" if known else "wrong name or password")
        claims = {"sub": name, "jti": secrets.token_hex(8), "exp": int(time.time()) + 600}
        return JSONResponse({"auth": {"access_token": self.signed(claims), "kind": "bearer"}})

    async def log_out(self, request: Request) -> Response:
        self.user(request)
        if "stays_signed_in" not in self.flaws:
            self.ended.add(request.headers["authorization"])
        return Response(status_code=204)

    async def me(self, request: Request) -> Response:
        return JSONResponse(self.shown(self.user(request)))

    async def member(self, request: Request) -> Response:
        """Members may see each other's names; the number is also the `owner_id` of notes, which is no flaw."""
        self.user(request)
        found = next((one for one in self.users.values() if one["id"] == int(request.path_params["user_id"])), None)
        if found is None:
            raise HTTPException(404, "no such member")
        return JSONResponse({"id": found["id"], "username": found["username"]})

    async def forgot(self, request: Request) -> Response:
        await self.object(request)
        sent = {"message": "if there is such an account, a message was sent"}
        return JSONResponse(sent | ({"reset_token": "418293"} if "shows_reset" in self.flaws else {}))

    async def admin_users(self, request: Request) -> Response:
        if self.user(request)["role"] != "admin" and "open_admin" not in self.flaws:
            raise HTTPException(403, "administrators only")
        return JSONResponse([self.shown(one) for one in self.users.values()])

    def shown(self, user: dict[str, Any]) -> dict[str, Any]:
        hidden = () if "shows_hash" in self.flaws else ("password_hash",)
        return {key: value for key, value in user.items() if key not in hidden}

    # Tokens

    def signed(self, claims: dict[str, Any]) -> str:
        message = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
        return f"{message}.{_base64(hmac.new(self.key, message.encode(), hashlib.sha256).digest())}"

    def user(self, request: Request) -> dict[str, Any]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            header, claims, signature = token.split(".")
            read = json.loads(base64.urlsafe_b64decode(claims + "=="))
            algorithm = json.loads(base64.urlsafe_b64decode(header + "=="))["alg"]
        except ValueError:
            raise HTTPException(401, "sign in first") from None
        good = _base64(hmac.new(self.key, f"{header}.{claims}".encode(), hashlib.sha256).digest())
        unsigned = algorithm == "none" and "alg_none" in self.flaws
        if scheme != "Bearer" or not (unsigned or hmac.compare_digest(good, signature)) or read["exp"] < time.time():
            raise HTTPException(401, "sign in first")
        if request.headers["authorization"] in self.ended or read["sub"] not in self.users:
            raise HTTPException(401, "sign in first")
        return self.users[read["sub"]]

    # Notes

    async def list_folders(self, request: Request) -> Response:
        user = self.user(request)
        return JSONResponse([one for one in self.folders.values() if one["owner_id"] == user["id"]])

    async def make_folder(self, request: Request) -> Response:
        body, user = await self.object(request), self.user(request)
        folder = {"id": next(self.ids), "owner_id": user["id"], "name": text(body["name"], self.limit)}
        self.folders[folder["id"]] = folder
        return JSONResponse(folder, 201)

    async def make_note(self, request: Request) -> Response:
        body, user = await self.object(request), self.user(request)
        folder = self.folders.get(int(request.path_params["folder_id"]))
        if folder is None or folder["owner_id"] != user["id"]:
            raise HTTPException(404, "no such folder")
        note = {"id": next(self.ids), "folder_id": folder["id"], "owner_id": user["id"], "title": text(body["title"], self.limit), "text": text(body["text"], self.limit)}  # fmt: skip
        if "owner_at_creation" in self.flaws:
            note |= {key: value for key, value in body.items() if key != "id"}
        self.notes[note["id"]] = note
        return JSONResponse({"note": note}, 201)

    async def list_notes(self, request: Request) -> Response:
        user = self.user(request)
        return JSONResponse({"notes": [one for one in self.notes.values() if one["owner_id"] == user["id"]]})

    async def read(self, request: Request) -> Response:
        return JSONResponse(self.note(request, "note_read"))

    async def read_nested(self, request: Request) -> Response:
        user, note = self.user(request), self.notes.get(int(request.path_params["note_id"]))
        folder = self.folders.get(int(request.path_params["folder_id"]))
        if note is None or folder is None or folder["owner_id"] != user["id"]:
            raise HTTPException(404, "no such note")
        if note["folder_id"] != folder["id"] and "nested_read" not in self.flaws:
            raise HTTPException(404, "no such note")
        return JSONResponse(note)

    async def change(self, request: Request) -> Response:
        body = await self.object(request)
        note = self.note(request, "note_change")
        note |= {"title": text(body["title"], self.limit), "text": text(body["text"], self.limit)}
        return JSONResponse(note)

    async def delete(self, request: Request) -> Response:
        del self.notes[self.note(request, "note_delete")["id"]]
        return Response(status_code=204)

    def note(self, request: Request, flaw: str) -> dict[str, Any]:
        user, note = self.user(request), self.notes.get(int(request.path_params["note_id"]))
        if note is None or (note["owner_id"] != user["id"] and flaw not in self.flaws):
            raise HTTPException(404, "no such note")
        return note

    async def words(self, request: Request) -> Response:
        """Public: a list longer than any page."""
        asked = int(request.query_params.get("limit", 20))
        size = asked if "endless_page" in self.flaws else min(asked, 50)
        return JSONResponse({"words": [{"id": at, "word": f"word{at}"} for at in range(min(size, 400))]})

    @property
    def limit(self) -> int | None:
        return None if "big_text" in self.flaws else 10_000

    @staticmethod
    async def object(request: Request) -> dict[str, Any]:
        body: dict[str, Any] = await request.json()
        return body


def text(value: object, limit: int | None) -> str:
    if not isinstance(value, str) or (limit and len(value) > limit):
        raise HTTPException(422, "no text, or too long a one")
    return value


def _encoded(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _ref(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _op(body: str | None = None, answer: str | None = None, *, public: bool = False, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "responses": {"200": {"description": "", **({"content": _ref(answer)} if answer else {})}},
        **more,
    }
    if body:
        made["requestBody"] = {"required": True, "content": _ref(body)}
    return made | ({"security": []} if public else {})


_NOTE_PLACE = {"name": "note_id", "in": "path", "required": True, "schema": {"type": "integer"}}
_FOLDER_PLACE = {"$ref": "#/components/parameters/Folder"}
# The server that it names is not ours: nothing may be sent there.
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Notebook", "version": "1"},
    "servers": [{"url": "http://notebook.invalid/api"}],
    "security": [{"token": []}],
    "paths": {
        "/register": {"post": _op("NewAccount", public=True)},
        "/login": {"post": _op("LogIn", public=True)},
        "/logout": {"post": _op()},
        "/me": {"get": _op(answer="Account")},
        "/users/{user_id}": {
            "get": _op(parameters=[{"name": "user_id", "in": "path", "required": True, "schema": {"type": "integer"}}])
        },
        "/password/forgot": {"post": _op("Forgot", public=True)},
        "/folders": {"get": _op(), "post": _op("NewFolder", "Folder")},
        "/folders/{folder_id}/notes": {"parameters": [_FOLDER_PLACE], "post": _op("NewNote", "Note")},
        "/folders/{folder_id}/notes/{note_id}": {"get": _op(answer="Note", parameters=[_FOLDER_PLACE, _NOTE_PLACE])},
        "/notes": {"get": _op(summary="List my notes")},
        "/notes/{note_id}": {
            "parameters": [_NOTE_PLACE],
            "get": _op(answer="Note"),
            "put": _op("NewNote", "Note"),
            "delete": _op(),
        },
        "/words": {"get": _op(public=True, parameters=[{"name": "limit", "in": "query", "schema": {"type": "integer"}}])},
        "/admin/users": {"get": _op()},
    },
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        "parameters": {"Folder": {"name": "folder_id", "in": "path", "required": True, "schema": {"type": "integer"}}},
        "schemas": {
            "Credentials": {"type": "object", "required": ["username", "password"], "properties": {"username": {"type": "string", "maxLength": 40}, "password": {"type": "string"}}},
            "LogIn": {"$ref": "#/components/schemas/Credentials"},
            "NewAccount": {"allOf": [{"$ref": "#/components/schemas/Credentials"}, {"required": ["email"], "properties": {"email": {"type": ["string", "null"], "format": "email"}}}]},
            "Account": {"type": "object", "properties": {"id": {"type": "integer"}, "username": {"type": "string"}, "email": {"type": "string"}, "role": {"type": "string", "enum": ["member", "admin"]}}},
            "Forgot": {"type": "object", "properties": {"email": {"type": "string", "format": "email"}}},
            "NewFolder": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
            "Folder": {"allOf": [{"$ref": "#/components/schemas/NewFolder"}, {"properties": {"id": {"type": "integer"}, "owner_id": {"type": "integer"}}}]},
            "NewNote": {"type": "object", "required": ["title", "text"], "properties": {"title": {"type": "string"}, "text": {"type": "string"}}},
            "Note": {"allOf": [{"$ref": "#/components/schemas/NewNote"}, {"properties": {"id": {"type": "integer"}, "folder_id": {"type": "integer"}, "owner_id": {"type": "integer"}}}]},
        },
    },
}  # fmt: skip
