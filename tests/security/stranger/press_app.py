"""A press agency: API keys given in a file, slugs, an old version, webhooks, imports; its document shows no registration."""

import itertools
from typing import Any
from urllib.parse import urlsplit

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

FLAWS = {
    "draft_by_query": "object_read",
    "draft_in_body": "object_named",
    "open_list": "auth_missing",
    "fetches_anything": "server_side_request",
    "follows": "upstream_redirect",
    "believes_upstream": "upstream_data",
    "believes": "webhook_unsigned",
    "old_version": "old_versions",
    "hidden_admin": "hidden_operations",
    "runs": "command",
    "goes_anywhere": "open_redirect",
    "echoes_trace": "trace_method",
    "operators": "nosql_operator",
    "tells_internals": "secret_fields",
}
KEYS = {"key-of-anna-5f31": "anna", "key-of-boris-77aa": "boris"}
IDENTITIES: list[dict[str, Any]] = [
    {"username": name, "email": f"{name}@press.example", "headers": {"X-Api-Key": key}} for key, name in KEYS.items()
]


def build(flaws: set[str]) -> Starlette:
    """The application with these flaws."""
    return Starlette(routes=_Press(flaws).routes())


class _Press:
    def __init__(self, flaws: set[str]) -> None:
        self.flaws = flaws
        self.numbers = itertools.count(1)
        self.stories: dict[str, dict[str, Any]] = {}
        self.invoices: dict[str, dict[str, Any]] = {}

    def routes(self) -> list[Route]:
        table = [
            ("GET", "/v2/me", self.me), ("GET", "/v2/drafts", self.list_drafts), ("POST", "/v2/drafts", self.make_draft),
            ("GET", "/v2/draft", self.draft), ("POST", "/v2/print", self.printed), ("GET", "/v2/agencies", self.agencies),
            ("GET", "/v2/invoices", self.list_invoices), ("POST", "/v2/invoices", self.make_invoice),
            ("GET", "/v2/invoices/{slug}", self.invoice), ("POST", "/v2/callbacks/payment", self.paid),
            ("POST", "/v2/imports", self.imported), ("POST", "/v2/network/ping", self.ping), ("GET", "/v2/go", self.go),
            ("GET", "/v2/topics", self.topics),
            *([("GET", "/v1/me", self.me)] if "old_version" in self.flaws else []),
            *([("GET", "/v2/admin/users", self.hidden)] if "hidden_admin" in self.flaws else []),
            *([("TRACE", "/v2/me", self.trace)] if "echoes_trace" in self.flaws else []),
        ]  # fmt: skip
        return [Route(path, self.answered(handle), methods=[method]) for method, path, handle in table]

    def answered(self, handle: Any) -> Any:
        async def answer(request: Request) -> Response:
            try:
                made: Response = await handle(request)
            except HTTPException as refused:
                return JSONResponse({"problem": refused.detail}, refused.status_code)
            except (KeyError, TypeError, ValueError, AttributeError):
                return JSONResponse({"problem": "not understood"}, 400)
            return made

        return answer

    def who(self, request: Request) -> str:
        name = KEYS.get(request.headers.get("x-api-key", ""))
        if name is None:
            raise HTTPException(401, "no key")
        return name

    async def me(self, request: Request) -> Response:
        return JSONResponse({"username": self.who(request), "plan": "basic"})

    async def agencies(self, request: Request) -> Response:
        if "open_list" not in self.flaws:
            self.who(request)
        inner = {"credit_score": 71} if "tells_internals" in self.flaws else {}
        return JSONResponse([{"name": "north", "city": "Oslo", **inner}])

    async def list_drafts(self, request: Request) -> Response:
        name = self.who(request)
        return JSONResponse({"drafts": [one for one in self.stories.values() if one["by"] == name]})

    async def make_draft(self, request: Request) -> Response:
        name, body = self.who(request), await request.json()
        slug = f"draft-{next(self.numbers)}"
        self.stories[slug] = {"slug": slug, "by": name, "headline": str(body["headline"])[:200]}
        return JSONResponse({"draft": self.stories[slug]}, 201)

    def story(self, request: Request, slug: str, flaw: str) -> dict[str, Any]:
        name, found = self.who(request), self.stories.get(slug)
        if found is None or (found["by"] != name and flaw not in self.flaws):
            raise HTTPException(404, "no such draft")
        return found

    async def draft(self, request: Request) -> Response:
        return JSONResponse(self.story(request, request.query_params["draft_slug"], "draft_by_query"))

    async def printed(self, request: Request) -> Response:
        return JSONResponse({"pages": [self.story(request, (await request.json())["draft_slug"], "draft_in_body")]})

    async def list_invoices(self, request: Request) -> Response:
        name = self.who(request)
        return JSONResponse([one for one in self.invoices.values() if one["by"] == name])

    async def make_invoice(self, request: Request) -> Response:
        name, body = self.who(request), await request.json()
        slug = f"invoice-{next(self.numbers)}"
        self.invoices[slug] = {"id": slug, "by": name, "memo": str(body["memo"])[:200], "state": "open"}
        return Response(status_code=201, headers={"location": f"/v2/invoices/{slug}"})

    async def invoice(self, request: Request) -> Response:
        name, found = self.who(request), self.invoices.get(request.path_params["slug"])
        if found is None or found["by"] != name:
            raise HTTPException(404, "no such invoice")
        return JSONResponse(found)

    async def paid(self, request: Request) -> Response:
        body = await request.json()
        if "believes" not in self.flaws:
            raise HTTPException(401, "no signature")
        self.invoices[body["invoice_id"]]["state"] = body["status"]
        return JSONResponse({"heard": True})

    async def imported(self, request: Request) -> Response:
        self.who(request)
        url = str((await request.json())["source_url"])
        if "fetches_anything" not in self.flaws or urlsplit(url).hostname != "127.0.0.1":
            raise HTTPException(422, "not from there")
        async with httpx.AsyncClient(follow_redirects="follows" in self.flaws, timeout=2) as client:
            answer = await client.get(url)
        read = answer.json() if "believes_upstream" in self.flaws else {}
        return JSONResponse({"bytes": len(answer.content), "price": read.get("price", 0)})

    async def ping(self, request: Request) -> Response:
        """No command is run here: the one form that the probe uses is worked out as a shell would."""
        self.who(request)
        host = str((await request.json())["host"])
        ran = "runs" in self.flaws and "$((713*191))" in host and ";" in host
        return JSONResponse({"output": f"PING {host.split(';', maxsplit=1)[0]}\n{713 * 191 if ran else ''}"})

    async def go(self, request: Request) -> Response:
        to = request.query_params["next"]
        good = "goes_anywhere" in self.flaws or (to.startswith("/") and not to.startswith("//"))
        return RedirectResponse(to if good else "/", 302)

    async def topics(self, request: Request) -> Response:
        topics = [{"id": at, "name": name} for at, name in enumerate(("sea", "hill"), 1)]
        query = request.query_params
        if "operators" in self.flaws and "name[$ne]" in query:
            return JSONResponse([one for one in topics if one["name"] != query["name[$ne]"]])
        wanted = query.get("name", query.get("name[$eq]") if "operators" in self.flaws else None)
        return JSONResponse([one for one in topics if wanted in (None, one["name"])])

    async def hidden(self, request: Request) -> Response:
        return JSONResponse([{"username": name} for name in KEYS.values()])

    async def trace(self, request: Request) -> Response:
        return PlainTextResponse("\n".join(f"{name}: {value}" for name, value in request.headers.items()))


def _op(
    body: dict[str, str] | None = None, *, answer: dict[str, str] | None = None, query: str = "", public: bool = False
) -> dict[str, Any]:
    made: dict[str, Any] = {"responses": {"200": {"description": "good"}}}
    if body:
        made["requestBody"] = {"content": {"application/json": {"schema": _object(body)}}}
    if answer:
        made["responses"]["200"]["content"] = {
            "application/json": {"schema": {"type": "array", "items": _object(answer)}}
        }
    if query:
        made["parameters"] = [{"name": query, "in": "query", "required": query == "next", "schema": {"type": "string"}}]
    return made if public else made | {"security": [{"key": []}]}


def _object(properties: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "properties": {name: {"type": kind} for name, kind in properties.items()},
    }


DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.0",
    "info": {"title": "Press", "version": "2"},
    "servers": [{"url": "/v2"}],
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}},
    "paths": {
        "/me": {"get": _op()},
        "/drafts": {"get": _op(), "post": _op({"headline": "string"})},
        "/draft": {"get": _op(query="draft_slug")},
        "/print": {"post": _op({"draft_slug": "string"})},
        "/agencies": {"get": _op(answer={"name": "string", "city": "string"})},
        "/invoices": {"get": _op(), "post": _op({"memo": "string"})},
        "/invoices/{slug}": {
            "get": _op()
            | {"parameters": [{"name": "slug", "in": "path", "required": True, "schema": {"type": "string"}}]}
        },
        "/callbacks/payment": {"post": _op({"invoice_id": "string", "status": "string"}, public=True)},
        "/imports": {"post": _op({"source_url": "string"})},
        "/network/ping": {"post": _op({"host": "string"})},
        "/go": {"get": _op(query="next", public=True)},
        "/topics": {"get": _op(query="name", public=True)},
    },
}
