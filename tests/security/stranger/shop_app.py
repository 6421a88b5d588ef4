"""A shop: a session in a cookie, a token against forged requests, forms at the log-in, UUIDs, SQLite, OpenAPI 3.0 in YAML."""

import asyncio
import secrets
import sqlite3
import string
import tempfile
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

FLAWS = {
    "order_read": "object_read",
    "order_cancel": "object_changed",
    "search_sql": "sql_boolean",
    "any_file": "path_traversal",
    "greeting_template": "template",
    "coupon_again": "one_time",
    "negative": "negative_quantity",
    "own_price": "object_properties",
    "script_cookie": "cookie_flags",
    "no_headers": "browser_headers",
    "no_csrf": "forged_request",
    "operator_log_in": "log_in_bypass",
    "debug": "debug_pages",
    "balance_at_profile": "account_properties",
}
RACING = "coupon_race"  # found by `one_time` too, but only where a coupon does not count again anyway


def build(flaws: set[str]) -> Starlette:
    """The application with these flaws."""
    return Starlette(routes=_Shop(flaws).routes())


class _Shop:
    def __init__(self, flaws: set[str]) -> None:
        self.flaws = flaws
        self.users: dict[str, dict[str, Any]] = {}
        self.sessions: dict[str, str] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.redeemed: set[str] = set()
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.database.execute("CREATE TABLE products (id TEXT, name TEXT, price INTEGER)")
        rows = [(str(uuid.UUID(int=at)), name, 10 * at) for at, name in enumerate(("lamp", "desk", "chair"), 1)]
        self.database.executemany("INSERT INTO products VALUES (?, ?, ?)", rows)
        self.folder = Path(tempfile.mkdtemp(prefix="shop-"))
        (self.folder / "terms.txt").write_text("Fair terms.")

    def routes(self) -> list[Route]:
        table = [
            ("GET", "/csrf", self.csrf), ("POST", "/signup", self.sign_up), ("POST", "/session", self.sign_in),
            ("GET", "/profile", self.profile), ("PATCH", "/profile", self.change_profile), ("GET", "/products", self.products),
            ("GET", "/orders", self.list_orders), ("POST", "/orders", self.order), ("GET", "/orders/{order}", self.read_order),
            ("POST", "/orders/{order}/cancel", self.cancel), ("POST", "/coupons/redeem", self.redeem),
            ("GET", "/files/{name:path}", self.file), ("POST", "/cards/preview", self.card),
            *([("GET", "/debug/config", self.debug)] if "debug" in self.flaws else []),
        ]  # fmt: skip
        return [Route(path, self.answered(handle), methods=[method]) for method, path, handle in table]

    def answered(self, handle: Any) -> Any:
        async def answer(request: Request) -> Response:
            try:
                made: Response = await handle(request)
            except HTTPException as refused:
                made = JSONResponse({"detail": refused.detail}, refused.status_code)
            except (KeyError, TypeError, ValueError, AttributeError):
                made = JSONResponse({"detail": "that was not understood"}, 400)
            if "no_headers" not in self.flaws:
                made.headers["x-content-type-options"] = "nosniff"
                made.headers["x-frame-options"] = "DENY"
            return made

        return answer

    async def debug(self, request: Request) -> Response:
        return JSONResponse({"database": ":memory:", "debug": True})

    # Sessions

    async def csrf(self, request: Request) -> Response:
        answer = JSONResponse({"csrf_token": (token := secrets.token_urlsafe(16))})
        answer.set_cookie("csrf", token)
        return answer

    def check_csrf(self, request: Request) -> None:
        given = request.headers.get("x-csrf-token")
        if "no_csrf" not in self.flaws and (not given or given != request.cookies.get("csrf")):
            raise HTTPException(403, "forged")

    async def sign_up(self, request: Request) -> Response:
        self.check_csrf(request)
        body = await self.json(request)
        if len(body["password"]) < 8:
            raise HTTPException(422, "too short a password")
        user = {"id": str(uuid.uuid4()), "email": body["email"], "name": body["name"], "balance": 100}
        self.users[body["email"]] = {"user": user, "password": body["password"], "wrong": 0}
        return JSONResponse(user, 201)

    async def sign_in(self, request: Request) -> Response:
        """A form, or JSON where the flaw is that operators are understood in it."""
        if request.headers.get("content-type", "").startswith("application/json") and "operator_log_in" in self.flaws:
            body = await self.json(request)
        else:
            body = {key: value[0] for key, value in parse_qs((await request.body()).decode()).items()}
        self.check_csrf(request)
        known = self.users.get(body["email"])
        if known is None or known["wrong"] >= 5:
            raise HTTPException(401, "wrong")
        operator = isinstance(body["password"], dict) and body["password"].get("$ne") != known["password"]
        if not operator and body["password"] != known["password"]:
            known["wrong"] += 1
            raise HTTPException(401, "wrong")
        self.sessions[session := secrets.token_urlsafe(24)] = body["email"]
        answer = JSONResponse({"welcome": known["user"]["name"], "number": secrets.token_hex(8)})
        answer.set_cookie("shop_session", session, httponly="script_cookie" not in self.flaws, samesite="lax")
        return answer

    def user(self, request: Request) -> dict[str, Any]:
        email = self.sessions.get(request.cookies.get("shop_session", ""))
        if email is None:
            raise HTTPException(401, "sign in first")
        user: dict[str, Any] = self.users[email]["user"]
        return user

    async def profile(self, request: Request) -> Response:
        return JSONResponse(self.user(request))

    async def change_profile(self, request: Request) -> Response:
        user, body = self.user(request), await self.json(request)
        self.check_csrf(request)
        allowed = {"name", "balance"} if "balance_at_profile" in self.flaws else {"name"}
        user |= {key: value for key, value in body.items() if key in allowed}
        return JSONResponse(user)

    # Trade

    async def products(self, request: Request) -> Response:
        word = request.query_params.get("q", "")
        try:
            if "search_sql" in self.flaws:
                found = self.database.execute(f"SELECT id, name, price FROM products WHERE name LIKE '%{word}%'")
            else:
                found = self.database.execute("SELECT id, name, price FROM products WHERE name LIKE ?", (f"%{word}%",))
            rows = found.fetchall()
        except sqlite3.Error:
            rows = []
        return JSONResponse({"items": [dict(zip(("id", "name", "price"), row, strict=True)) for row in rows]})

    async def list_orders(self, request: Request) -> Response:
        user = self.user(request)
        return JSONResponse({"items": [one for one in self.orders.values() if one["customer"] == user["email"]]})

    async def order(self, request: Request) -> Response:
        user, body = self.user(request), await self.json(request)
        self.check_csrf(request)
        row = self.database.execute("SELECT price FROM products WHERE id = ?", (body["product_id"],)).fetchone()
        quantity = body["quantity"]
        if row is None or not isinstance(quantity, int) or (quantity < 1 and "negative" not in self.flaws):
            raise HTTPException(422, "no such product, or no quantity")
        price = body.get("unit_price", row[0]) if "own_price" in self.flaws else row[0]
        made = {"id": str(uuid.uuid4()), "customer": user["email"], "product_id": body["product_id"], "quantity": quantity,
                "unit_price": price, "total": price * quantity, "status": "open", "remark": str(body.get("remark", ""))[:500]}  # fmt: skip
        self.orders[made["id"]] = made
        return JSONResponse(made, 201)

    def own_order(self, request: Request, flaw: str) -> dict[str, Any]:
        user, found = self.user(request), self.orders.get(request.path_params["order"])
        if found is None or (found["customer"] != user["email"] and flaw not in self.flaws):
            raise HTTPException(404, "no such order")
        return found

    async def read_order(self, request: Request) -> Response:
        return JSONResponse(self.own_order(request, "order_read"))

    async def cancel(self, request: Request) -> Response:
        found = self.own_order(request, "order_cancel")
        self.check_csrf(request)
        found["status"] = "cancelled"
        return JSONResponse({"ok": True})

    async def redeem(self, request: Request) -> Response:
        user, body = self.user(request), await self.json(request)
        self.check_csrf(request)
        if body["code"] != "WELCOME10":
            raise HTTPException(404, "no such coupon")
        if user["email"] in self.redeemed and "coupon_again" not in self.flaws:
            raise HTTPException(409, "redeemed before")
        if RACING in self.flaws:
            await asyncio.sleep(0.1)
        self.redeemed.add(user["email"])
        user["balance"] += 10
        return JSONResponse({"balance": user["balance"]})

    # Texts

    async def file(self, request: Request) -> Response:
        self.user(request)
        path = self.folder / request.path_params["name"]
        inside = path.resolve().is_relative_to(self.folder.resolve())
        if "\0" in str(path) or not path.is_file() or not (inside or "any_file" in self.flaws):
            raise HTTPException(404, "no such file")
        return PlainTextResponse(path.read_text())

    async def card(self, request: Request) -> Response:
        """A greeting card, whose text is a template where that is the flaw: only products of whole numbers are worked out."""
        self.user(request)
        self.check_csrf(request)
        text = str((await self.json(request))["greeting"])
        return JSONResponse({"card": _multiplied(text) if "greeting_template" in self.flaws else text})

    @staticmethod
    async def json(request: Request) -> dict[str, Any]:
        body: dict[str, Any] = await request.json()
        return body


def _multiplied(text: str) -> str:
    before, opened, rest = text.partition("{{")
    inside, closed, after = rest.partition("}}")
    left, _, right = inside.partition("*")
    if not (opened and closed and left.strip(string.digits) == right.strip(string.digits) == ""):
        return text
    return f"{before}{int(left) * int(right)}{after}"


DOCUMENT = """
openapi: 3.0.3
info: {title: Shop, version: "2"}
components:
  securitySchemes:
    session: {type: apiKey, in: cookie, name: shop_session}
    forgery: {type: apiKey, in: header, name: X-CSRF-Token}
  schemas:
    Order:
      type: object
      properties:
        id: {type: string, format: uuid}
        customer: {type: string}
        product_id: {type: string, format: uuid}
        quantity: {type: integer}
        unit_price: {type: integer}
        total: {type: integer}
        status: {type: string, enum: [open, cancelled]}
        remark: {type: string}
paths:
  /csrf:
    get: {responses: {"200": {description: a token}}}
  /signup:
    post:
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [email, name, password]
              properties:
                email: {type: string, format: email}
                name: {type: string}
                password: {type: string, minLength: 8}
      responses: {"201": {description: made}}
  /session:
    post:
      summary: Sign in
      requestBody:
        content:
          MEDIA:
            schema:
              type: object
              required: [email, password]
              properties:
                email: {type: string}
                password: {type: string}
      responses: {"200": {description: signed in}}
  /profile:
    get: {security: [{session: []}], responses: {"200": {description: who you are}}}
    patch:
      security: [{session: [], forgery: []}]
      requestBody:
        content: {application/json: {schema: {type: object, properties: {name: {type: string}}}}}
      responses: {"200": {description: changed}}
  /products:
    get:
      parameters: [{name: q, in: query, schema: {type: string}}]
      responses: {"200": {description: found}}
  /orders:
    get: {security: [{session: []}], responses: {"200": {description: your orders}}}
    post:
      security: [{session: [], forgery: []}]
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [product_id, quantity]
              properties:
                product_id: {type: string, format: uuid}
                quantity: {type: integer, minimum: 1}
                remark: {type: string}
      responses: {"201": {description: made, content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}}
  /orders/{order}:
    parameters: [{name: order, in: path, required: true, schema: {type: string}}]
    get:
      security: [{session: []}]
      responses: {"200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}}
  /orders/{order}/cancel:
    parameters: [{name: order, in: path, required: true, schema: {type: string}}]
    post: {security: [{session: [], forgery: []}], responses: {"200": {description: cancelled}}}
  /coupons/redeem:
    post:
      description: Redeems a coupon once, such as WELCOME10, into the balance.
      security: [{session: [], forgery: []}]
      requestBody:
        content: {application/json: {schema: {type: object, required: [code], properties: {code: {type: string}}}}}
      responses: {"200": {description: redeemed}}
  /files/{name}:
    parameters: [{name: name, in: path, required: true, schema: {type: string}, example: terms.txt}]
    get: {security: [{session: []}], responses: {"200": {description: a file}}}
  /cards/preview:
    post:
      security: [{session: [], forgery: []}]
      requestBody:
        content: {application/json: {schema: {type: object, required: [greeting], properties: {greeting: {type: string}}}}}
      responses: {"200": {description: a card}}
"""
# Where operators are understood at the log-in, it takes JSON.
FORM, JSON = (DOCUMENT.replace("MEDIA", media) for media in ("application/x-www-form-urlencoded", "application/json"))
DOCUMENT = FORM


def document(flaws: set[str]) -> str:
    """The document that goes with these flaws."""
    return JSON if "operator_log_in" in flaws else FORM
