"""`hardened` without anything that makes it a product: the same queries, the same bytes, no framework and no ORM.

Nothing is validated, limited, counted or documented beyond what the answer needs. The session token is checked: that is
part of the answer. What `hardened` costs beyond this twin is the price of being written well.
"""

import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import jwt
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.twin import sql
from benchmarks.twin.drivers import Statements, driver
from target_app.web.answers import moment

DATABASE = driver(os.environ["TWIN_DATABASE_URL"])
SECRET = bytes.fromhex(os.environ["TWIN_HMAC_SECRET"])
PROVIDER_URL, PROVIDER_KEY = os.environ.get("TWIN_PROVIDER_URL", ""), os.environ.get("TWIN_PROVIDER_KEY", "")
CLAIMS = ["sub", "iat", "nbf", "exp", "aud", "iss"]
CODEC = jwt.PyJWT({"require": CLAIMS})
TEASER = 200
LEASE_MS = 3000


def dialect(text: str, body: str = "articles.body") -> str:
    """A statement in the words of the database at hand."""
    return text.format(public=DATABASE.public, no=DATABASE.no, body=body)


LIST, SIGNED_LIST, FEED = (dialect(text, "''") for text in (sql.LIST, sql.SIGNED_LIST, sql.FEED))
ONE, SIGNED_ONE = dialect(sql.ONE), dialect(sql.SIGNED_ONE)


def answer(content: Any, status: int = 200) -> Response:
    """JSON, encoded once."""
    return Response(orjson.dumps(content), status, media_type="application/json")


async def viewer(request: Request) -> int:
    """The user of the request's token."""
    token = request.headers["authorization"].partition(" ")[2]
    claims = CODEC.decode(token, SECRET, ["HS256"], audience="conduit-api", issuer="conduit")
    ((user, *_),) = await DATABASE.fetch(sql.USER, int(claims["sub"]))
    return int(user)


def summary(row: Sequence[Any]) -> dict[str, Any]:
    """An article in a list."""
    shown = {
        "slug": row[1],
        "title": row[2],
        "description": row[3],
        "tagList": orjson.Fragment(row[5]),
        "createdAt": moment(row[8]),
        "updatedAt": moment(row[9]),
        "favorited": bool(row[15]),
        "favoritesCount": row[7],
        "author": {"username": row[12], "bio": row[13], "image": row[14], "following": bool(row[16])},
    }
    if row[11]:
        shown["price"] = row[11]
    return shown


def page(rows: Sequence[Sequence[Any]]) -> Response:
    """A list."""
    return answer({"articles": [summary(row) for row in rows], "articlesCount": rows[0][18] if rows else 0})


def usual_page(request: Request) -> None:
    """Raises ValueError for another page than the statements give."""
    if int(request.query_params["limit"]) != 20:
        raise ValueError("a page has 20 articles")


async def tags(_request: Request) -> Response:
    """All tags."""
    return answer({"tags": [name for (name,) in await DATABASE.fetch(sql.TAGS)]})


async def articles(request: Request) -> Response:
    """The newest articles."""
    usual_page(request)
    if "authorization" in request.headers:
        user = await viewer(request)
        return page(await DATABASE.fetch(SIGNED_LIST, user, user))
    return page(await DATABASE.fetch(LIST))


async def feed(request: Request) -> Response:
    """The newest articles of those whom the user follows."""
    usual_page(request)
    user = await viewer(request)
    return page(await DATABASE.fetch(FEED, user, user, user, user))


async def article(request: Request) -> Response:
    """One article, for an anonymous reader."""
    (row,) = await DATABASE.fetch(ONE, request.path_params["slug"])
    shown = summary(row)
    shown["body"] = row[4]
    if row[11]:
        shown["purchased"] = False
        shown["body"] = row[4][:TEASER]
    return answer({"article": shown})


async def tell(connection: Statements, kind: str, owner: int, data: Any, now: int) -> None:
    """Write an event down for its owner's webhooks."""
    event = f"ev_{secrets.token_hex(16)}"
    body = orjson.dumps({"id": event, "type": kind, "createdAt": moment(now), "data": data}).decode()
    await connection.fetch(sql.RECORD, event, kind, body, now, now, now, owner, f'%"{kind}"%')


async def comment(request: Request) -> Response:
    """A new comment."""
    user, now = await viewer(request), time.time_ns() // 1_000_000
    body = orjson.loads(await request.body())["comment"]["body"]
    async with DATABASE.transaction() as connection:
        (found,) = await connection.fetch(SIGNED_ONE, user, user, user, request.path_params["slug"])
        ((added,),) = await connection.fetch(sql.ADD_COMMENT, found[0], user, body, now, now)
        (row,) = await connection.fetch(sql.COMMENT, user, found[0], added)
        shown = comment_shown(row)
        await tell(connection, "comment.created", found[10], {"slug": found[1], "comment": shown}, now)
    return answer({"comment": shown}, 201)


def comment_shown(row: Sequence[Any]) -> dict[str, Any]:
    """A comment."""
    author = {"username": row[5], "bio": row[6], "image": row[7], "following": bool(row[8])}
    return {"id": row[0], "createdAt": moment(row[2]), "updatedAt": moment(row[3]), "body": row[1], "author": author}


async def order(request: Request) -> Response:
    """A new order, charged and settled."""
    user, now = await viewer(request), time.time_ns() // 1_000_000
    key, slug = request.headers["idempotency-key"], orjson.loads(await request.body())["order"]["slug"]
    ((found, author, _, price, *_),) = await DATABASE.fetch(sql.WANTED, slug, user, key)
    digest, nonce = hashlib.sha256(orjson.dumps([slug, None])).hexdigest(), secrets.token_hex(8)
    async with DATABASE.transaction() as connection:
        values = (user, author, found, None, slug, price, 0, price, "pending", key, digest, nonce)
        ((number,),) = await connection.fetch(sql.ADD_ORDER, *values, now + LEASE_MS, now, now)
    reference = f"order-{number}-{nonce}"
    sent = orjson.dumps({"amount": price, "reference": reference})
    session: aiohttp.ClientSession = request.app.state.provider
    async with session.post("/v1/charges", data=sent, headers={"Idempotency-Key": reference}) as charged:
        charge = orjson.loads(await charged.read())["id"]
    settled, share = time.time_ns() // 1_000_000, price - price // 10
    shown = {"id": number, "slug": slug, "price": price, "discount": 0, "amount": price, "status": "paid"}
    shown |= {"createdAt": moment(now), "updatedAt": moment(settled)}
    async with DATABASE.transaction() as connection:
        await connection.fetch(sql.MOVE, "paid", charge, now + LEASE_MS, settled, number, "pending")
        await connection.fetch(sql.CREDIT, author, share)
        ((entry,),) = await connection.fetch(sql.ADD_TRANSACTION, number, "settlement", settled)
        await connection.fetch(sql.ADD_ENTRIES, entry, author, share, entry, 0, price - share, entry, -1, -price)
        await tell(connection, "order.updated", author, shown, settled)
    return answer({"order": shown}, 201)


async def health(_request: Request) -> Response:
    """It serves."""
    return answer({"status": "ok"})


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Connect in the loop that serves."""
    await DATABASE.open()
    headers = {"Authorization": f"Bearer {PROVIDER_KEY}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession(PROVIDER_URL or None, headers=headers) as app.state.provider:
        yield


app = Starlette(
    lifespan=lifespan,
    routes=[
        Route("/health", health),
        Route("/api/tags", tags),
        Route("/api/articles", articles),
        Route("/api/articles/feed", feed),
        Route("/api/articles/{slug}", article),
        Route("/api/articles/{slug}/comments", comment, methods=["POST"]),
        Route("/api/orders", order, methods=["POST"]),
    ],
)
