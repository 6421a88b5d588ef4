"""A savings club: Swagger 2.0, paths that end in a slash, a cookie against forged requests that any page sets, money and a wall.

Much of it is meant for everybody (the wall, likes, comments, members' names): nothing of that is a flaw.
"""

import itertools
import secrets
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

FLAWS = {
    "foreign_account": "object_named",
    "account_read": "object_read",
    "minus": "negative_quantity",
    "member_details": "object_read",
    "anyone_ranks": "object_changed",
    "anyone_deletes": "object_deleted",
    "likes_again": "one_time",
    "unchecked_token": "forged_request",
    "wall_edit": "object_changed",
    "by_name": "log_in_bypass",
    "no_token_id": "cookie_flags",
    "address_known": "user_enumeration",
}


def build(flaws: set[str]) -> Starlette:
    """The application with these flaws."""
    return Starlette(routes=_Club(flaws).routes())


class _Club:
    def __init__(self, flaws: set[str]) -> None:
        self.flaws = flaws
        self.ids = itertools.count(1)
        self.members: dict[int, dict[str, Any]] = {}
        self.sessions: dict[str, int] = {}
        self.wrong: dict[str, int] = {}
        self.accounts: dict[int, dict[str, Any]] = {}
        self.posts: dict[int, dict[str, Any]] = {}

    def routes(self) -> list[Route]:
        table = [
            ("POST", "/api/members/", self.join), ("GET", "/api/members/", self.list_members), ("GET", "/api/login/", self.page),
            ("POST", "/api/login/", self.log_in), ("POST", "/api/logout/", self.log_out), ("GET", "/api/me/", self.me),
            ("GET", "/api/members/{pk}/", self.member), ("DELETE", "/api/members/{pk}/", self.leave), ("PUT", "/api/members/{pk}/rank/", self.rank),
            ("GET", "/api/accounts/", self.list_accounts), ("POST", "/api/accounts/", self.open_account),
            ("GET", "/api/accounts/{account_id}/", self.account), ("POST", "/api/transfers/", self.transfer),
            ("GET", "/api/wall/", self.wall), ("POST", "/api/wall/", self.write), ("GET", "/api/wall/{post_id}/", self.post),
            ("PATCH", "/api/wall/{post_id}/", self.edit), ("POST", "/api/wall/{post_id}/comments/", self.comment),
            ("POST", "/api/wall/{post_id}/like/", self.like),
        ]  # fmt: skip
        return [Route(path, self.answered(handle), methods=[method]) for method, path, handle in table]

    def answered(self, handle: Any) -> Any:
        async def answer(request: Request) -> Response:
            try:
                if request.method not in ("GET", "HEAD"):
                    self.check(request)
                made: Response = await handle(request)
            except HTTPException as refused:
                made = JSONResponse({"detail": refused.detail}, refused.status_code)
            except (KeyError, TypeError, ValueError, AttributeError):
                made = JSONResponse({"detail": "malformed"}, 400)
            if "csrftoken" not in request.cookies:
                made.set_cookie("csrftoken", secrets.token_hex(16), samesite="lax")
            made.headers["x-content-type-options"] = "nosniff"
            return made

        return answer

    def check(self, request: Request) -> None:
        token = request.cookies.get("csrftoken")
        if "unchecked_token" not in self.flaws and (not token or request.headers.get("x-csrftoken") != token):
            raise HTTPException(403, "CSRF verification failed")

    def who(self, request: Request) -> dict[str, Any]:
        member = self.members.get(self.sessions.get(request.cookies.get("sessionid", ""), 0))
        if member is None:
            raise HTTPException(401, "log in first")
        return member

    async def page(self, request: Request) -> Response:
        return JSONResponse({"detail": "POST your name and password"})

    async def join(self, request: Request) -> Response:
        body = await request.json()
        if len(body["password1"]) < 10 or body["password1"] != body["password2"]:
            raise HTTPException(400, "too weak a password, or another the second time")
        if any(one["email"] == body["email"] for one in self.members.values()):
            if "address_known" in self.flaws:
                raise HTTPException(409, "there is an account with this address")
            return JSONResponse({"detail": "we sent you a mail"}, 201)
        member = {
            "id": next(self.ids),
            "name": body["name"],
            "email": body["email"],
            "phone": body["phone"],
            "rank": "plain",
        }
        self.members[member["id"]] = {**member, "secret": body["password1"]}
        return JSONResponse({"detail": "we sent you a mail"}, 201)

    async def log_in(self, request: Request) -> Response:
        body = await request.json()
        email, quote, _ = (
            str(body["email"]).partition("' --") if "by_name" in self.flaws else (str(body["email"]), "", "")
        )
        found = next((one for one in self.members.values() if one["email"] == email), None)
        if self.wrong.get(email, 0) >= 5:
            raise HTTPException(429, "later")
        if found is None or (body["password"] != found["secret"] and not quote):
            self.wrong[email] = self.wrong.get(email, 0) + 1
            raise HTTPException(400, "no such name and password")
        self.sessions[session := secrets.token_hex(16)] = found["id"]
        answer = JSONResponse({"detail": "welcome"})
        answer.set_cookie("sessionid", session, httponly="no_token_id" not in self.flaws, samesite="lax")
        answer.set_cookie("csrftoken", secrets.token_hex(16), samesite="lax")
        return answer

    async def log_out(self, request: Request) -> Response:
        self.who(request)
        del self.sessions[request.cookies["sessionid"]]
        return JSONResponse({})

    async def me(self, request: Request) -> Response:
        return JSONResponse({key: value for key, value in self.who(request).items() if key != "secret"})

    async def list_members(self, request: Request) -> Response:
        self.who(request)
        return JSONResponse({"results": [{"id": one["id"], "name": one["name"]} for one in self.members.values()]})

    def chosen(self, request: Request) -> dict[str, Any]:
        if (found := self.members.get(int(request.path_params["pk"]))) is None:
            raise HTTPException(404, "no such member")
        return found

    async def member(self, request: Request) -> Response:
        me, found = self.who(request), self.chosen(request)
        whole = me is found or "member_details" in self.flaws
        return JSONResponse(
            {key: found[key] for key in (("id", "name", "email", "phone", "rank") if whole else ("id", "name", "rank"))}
        )

    async def leave(self, request: Request) -> Response:
        me, found = self.who(request), self.chosen(request)
        if me is not found and "anyone_deletes" not in self.flaws:
            raise HTTPException(403, "only oneself")
        del self.members[found["id"]]
        return Response(status_code=204)

    async def rank(self, request: Request) -> Response:
        me, found = self.who(request), self.chosen(request)
        if me["rank"] != "treasurer" and "anyone_ranks" not in self.flaws:
            raise HTTPException(403, "the treasurer ranks")
        found["rank"] = (await request.json())["rank"]
        return JSONResponse({"rank": found["rank"]})

    async def list_accounts(self, request: Request) -> Response:
        me = self.who(request)
        return JSONResponse({"results": [one for one in self.accounts.values() if one["member"] == me["id"]]})

    async def open_account(self, request: Request) -> Response:
        me, body = self.who(request), await request.json()
        account = {"id": next(self.ids), "member": me["id"], "label": str(body["label"])[:80], "balance": 100}
        self.accounts[account["id"]] = account
        return JSONResponse(account, 201)

    def own_account(self, request: Request, number: int, flaw: str) -> dict[str, Any]:
        me, found = self.who(request), self.accounts.get(number)
        if found is None or (found["member"] != me["id"] and flaw not in self.flaws):
            raise HTTPException(404, "no such account")
        return found

    async def account(self, request: Request) -> Response:
        return JSONResponse(self.own_account(request, int(request.path_params["account_id"]), "account_read"))

    async def transfer(self, request: Request) -> Response:
        body = await request.json()
        account = self.own_account(request, int(body["from_account"]), "foreign_account")
        amount = int(body["amount"])
        if amount <= 0 and "minus" not in self.flaws:
            raise HTTPException(400, "nothing to send")
        if amount > account["balance"]:
            raise HTTPException(400, "not enough")
        account["balance"] -= amount
        return JSONResponse({"id": next(self.ids), "amount": amount, "left": account["balance"]}, 201)

    async def wall(self, request: Request) -> Response:
        self.who(request)
        return JSONResponse({"results": list(self.posts.values())})

    async def write(self, request: Request) -> Response:
        me, body = self.who(request), await request.json()
        post = {
            "id": next(self.ids),
            "author": me["name"],
            "text": str(body["text"])[:300],
            "likes": 0,
            "liked_by": [],
            "comments": [],
        }
        self.posts[post["id"]] = post
        return JSONResponse(post, 201)

    def shown(self, request: Request) -> dict[str, Any]:
        self.who(request)
        if (found := self.posts.get(int(request.path_params["post_id"]))) is None:
            raise HTTPException(404, "no such post")
        return found

    async def post(self, request: Request) -> Response:
        return JSONResponse(self.shown(request))

    async def edit(self, request: Request) -> Response:
        post = self.shown(request)
        if post["author"] != self.who(request)["name"] and "wall_edit" not in self.flaws:
            raise HTTPException(403, "not yours")
        post["text"] = str((await request.json())["text"])[:300]
        return JSONResponse(post)

    async def comment(self, request: Request) -> Response:
        post = self.shown(request)
        post["comments"].append({"id": next(self.ids), "text": str((await request.json())["text"])[:300]})
        return JSONResponse(post["comments"][-1], 201)

    async def like(self, request: Request) -> Response:
        me, post = self.who(request), self.shown(request)
        if "likes_again" in self.flaws or me["id"] not in post["liked_by"]:
            post["liked_by"].append(me["id"])
        post["likes"] = len(post["liked_by"])
        return JSONResponse({"likes": post["likes"]})


def _op(**fields: str) -> dict[str, Any]:
    """An operation with these properties in its body, `name="type"` or `name="type format"`."""
    properties = {}
    for name, kind in fields.items():
        kind, _, form = kind.partition(" ")
        properties[name] = {"type": kind, **({"format": form} if form else {})}
    made: dict[str, Any] = {"responses": {"200": {"description": "good"}}}
    if fields:
        schema = {"type": "object", "required": list(properties), "properties": properties}
        made["parameters"] = [{"in": "body", "name": "body", "schema": schema}]
    return made


def _at(name: str, **operations: dict[str, Any]) -> dict[str, Any]:
    return {"parameters": [{"in": "path", "name": name, "required": True, "type": "integer"}], **operations}


DOCUMENT: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "Savings club", "version": "1"},
    "host": "club.invalid",
    "basePath": "/api",
    "securityDefinitions": {
        "session": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
        "token": {"type": "apiKey", "in": "header", "name": "X-CSRFToken"},
    },
    "paths": {
        "/members/": {
            "post": _op(name="string", email="string email", phone="string", password1="string", password2="string"),
            "get": _op(),
        },
        "/login/": {"get": _op(), "post": _op(email="string email", password="string")},
        "/logout/": {"post": _op()},
        "/me/": {"get": _op()},
        "/members/{pk}/": _at("pk", get=_op(), delete=_op()),
        "/members/{pk}/rank/": _at("pk", put=_op(rank="string")),
        "/accounts/": {"get": _op(), "post": _op(label="string")},
        "/accounts/{account_id}/": _at("account_id", get=_op()),
        "/transfers/": {"post": _op(from_account="integer", amount="integer")},
        "/wall/": {"get": _op(), "post": _op(text="string")},
        "/wall/{post_id}/": _at("post_id", get=_op(), patch=_op(text="string")),
        "/wall/{post_id}/comments/": _at("post_id", post=_op(text="string")),
        "/wall/{post_id}/like/": _at("post_id", post=_op()),
    },
}
