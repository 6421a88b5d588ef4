"""How much each operation asks of the database: counted, operation by operation, where there is much to list."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import text

from target_app.app import document
from target_app.database import transaction
from target_app.migrations.run import migrate
from tests.parts.pictures import png
from tests.parts.provider import Provider
from tests.parts.stranger import NamesFile, stranger
from tests.target_app.app_client import HOST, AppClient
from tests.target_app.openapi.served import PAGE
from tests.target_app.shop import Shop

#: More rows than any bound: an operation that asks once a row is seen.
MANY = 25


@dataclass
class Scene:
    """A shop with many of everything; what an operation uses up is made anew for each."""

    shop: Shop
    admin: str = ""

    @property
    def app(self) -> AppClient:
        """The app."""
        return self.shop.app

    def fill(self) -> None:
        """Many articles, favorites, comments, followers, orders and coupons."""
        app, author, buyer = self.app, self.shop.author, self.shop.buyer
        app.call("POST", "/api/profiles/author/follow", buyer)
        self.admin = self.staff("admin")
        app.call("PUT", "/api/user", self.admin, json={"user": {"email": "first@example.test"}})
        for _ in range(5):
            assert app.call("POST", "/api/webhooks", author, json=NEW_WEBHOOK).status_code == 201
        for number in range(MANY):
            slug = app.publish(author, f"Title {number}", tagList=["all", f"tag{number}"], price=100)
            app.call("POST", f"/api/articles/{slug}/favorite", buyer)
            app.call("POST", f"/api/articles/{self.shop.slug}/comments", buyer, json={"comment": {"body": "Said"}})
            assert self.shop.order(slug=slug).status_code == 201
            self.shop.coupon(f"CODE{number}")
            self.report(f"/api/articles/{slug}/reports", buyer)
            app.register(f"user{number}")

    def staff(self, role: str) -> str:
        """The token of somebody with that role, and its name."""
        token = self.app.register(role)

        async def promote() -> None:
            async with transaction(self.app.app.state.parts.database) as connection:
                await connection.run(text("UPDATE users SET role = username WHERE username = :role"), {"role": role})

        self.app.run(promote())
        return token

    def report(self, path: str, token: str) -> int:
        """The id of a new report."""
        answer = self.app.call("POST", path, token, json=REPORT)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["report"]["id"])

    def new_article(self) -> str:
        """The slug of an article that nobody has seen."""
        return self.app.publish(self.shop.author, "Fresh", tagList=["all", "fresh"], price=100)

    def comment(self) -> int:
        """The id of a new comment by the buyer."""
        path = f"/api/articles/{self.shop.slug}/comments"
        said = self.app.call("POST", path, self.shop.buyer, json={"comment": {"body": "Said"}})
        return int(said.json()["comment"]["id"])

    def paid(self) -> int:
        """The id of a new, paid order."""
        order = self.shop.order(slug=self.new_article()).json()["order"]
        assert order["status"] == "paid"
        return int(order["id"])


class Call(NamedTuple):
    """One request: the method and path as sent, who sends it, and the rest."""

    method: str
    path: str
    token: str | None = None
    rest: Mapping[str, Any] = {}


class Asked(NamedTuple):
    """What an operation may ask of the database: statements in all, that of the token included."""

    statements: int
    call: Callable[[Scene], Call]


def signed(
    method: str, path: str, body: object = None, *, by: str = "buyer", headers: Mapping[str, str] | None = None
) -> Callable[[Scene], Call]:
    """A request of the shop's buyer or author."""

    def call(scene: Scene) -> Call:
        rest = {"headers": headers or {}} | ({} if body is None else {"json": body})
        return Call(method, path.replace("{slug}", scene.shop.slug), getattr(scene.shop, by), rest)

    return call


def by_staff(method: str, path: str, body: object = None) -> Callable[[Scene], Call]:
    """A request of the shop's admin."""
    return lambda scene: Call(method, path, scene.admin, {} if body is None else {"json": body})


def deciding(verdict: str) -> Callable[[Scene], Call]:
    """A decision about a new article, which others have reported too."""

    def call(scene: Scene) -> Call:
        slug = scene.new_article()
        number = scene.report(f"/api/articles/{slug}/reports", scene.admin)
        scene.report(f"/api/articles/{slug}/reports", scene.shop.buyer)
        body = {"decision": {"verdict": verdict, "note": "Seen"}}
        return Call("POST", f"/api/moderation/reports/{number}/decision", scene.admin, {"json": body})

    return call


def suspended(scene: Scene) -> Call:
    """A suspension to end."""
    path = "/api/moderation/users/6/suspension"
    assert scene.app.call("PUT", path, scene.admin, json=SUSPENSION).status_code == 200
    return Call("DELETE", path, scene.admin)


def on_new_article(method: str, suffix: str = "", body: object = None, *, by: str = "buyer") -> Callable[[Scene], Call]:
    """A request about an article made for it."""

    def call(scene: Scene) -> Call:
        rest = {} if body is None else {"json": body}
        return Call(method, f"/api/articles/{scene.new_article()}{suffix}", getattr(scene.shop, by), rest)

    return call


def favorite(scene: Scene) -> Call:
    """A favorite to take back."""
    path = f"/api/articles/{scene.new_article()}/favorite"
    assert scene.app.call("POST", path, scene.shop.buyer).status_code == 200
    return Call("DELETE", path, scene.shop.buyer)


def log_out(scene: Scene) -> Call:
    """A log-out of somebody who is not needed any more."""
    return Call("POST", "/api/users/logout", scene.app.register("leaver"))


def event(scene: Scene) -> Call:
    """An event that settles nothing new: the order is paid."""
    body = scene.shop.event("charge.succeeded", scene.paid(), 100)
    headers = {"Provider-Signature": scene.shop.seal(body, 0)}
    return Call("POST", "/api/payments/webhook", None, {"content": body, "headers": headers})


def order(scene: Scene) -> Call:
    """A coupon's order: the dearest."""
    slug = scene.new_article()
    coupon = {"code": "ONCE", "slug": slug, "percentOff": 10, "uses": 1}
    assert scene.app.call("POST", "/api/coupons", scene.shop.author, json={"coupon": coupon}).status_code == 201
    return Call("POST", "/api/orders", scene.shop.buyer, scene.shop.ordering(slug=slug, coupon="ONCE"))


def dead(scene: Scene) -> Call:
    """A delivery that has failed for good."""
    path = "/api/webhooks/1/deliveries"
    delivery = scene.app.call("GET", path, scene.shop.author).json()["deliveries"][0]["id"]

    async def fail() -> None:
        async with transaction(scene.app.app.state.parts.database) as connection:
            await connection.run(text(f"UPDATE webhook_deliveries SET status = 'dead' WHERE id = {delivery}"))

    scene.app.run(fail())
    return Call("POST", f"{path}/{delivery}/retry", scene.shop.author)


def avatar(method: str) -> Callable[[Scene], Call]:
    """An avatar in place of another, or to delete."""

    def call(scene: Scene) -> Call:
        assert scene.app.call("PUT", "/api/user/avatar", scene.shop.buyer, files=form("red")).status_code == 200
        rest = {"files": form("blue")} if method == "PUT" else {}
        return Call(method, "/api/user/avatar", scene.shop.buyer, rest)

    return call


def picture(scene: Scene) -> Call:
    """A picture to look at."""
    made = scene.app.call("PUT", "/api/user/avatar", scene.shop.buyer, files=form("green"))
    return Call("GET", made.json()["avatar"]["image"])


def form(colour: str) -> dict[str, tuple[str, bytes]]:
    """An avatar to upload."""
    return {"avatar": ("me.png", png(colour=colour))}


NEW_WEBHOOK = {
    "webhook": {
        "url": "http://there.test/",
        "events": ["comment.created", "comment.deleted", "article.published", "order.updated"],
    }
}
REPORT = {"report": {"reason": "Look at it"}}
SUSPENSION = {"suspension": {"reason": "Spam"}}
NEW_ARTICLE = {"article": {"title": "T", "description": "D", "body": "B", "tagList": [f"t{n}" for n in range(MANY)]}}
NEW_USER = {"user": {"username": "new", "email": "new@example.test", "password": "a-long-enough-password"}}
LOG_IN = {"user": {"email": "buyer@example.test", "password": "a-long-enough-password"}}

OPERATIONS: Mapping[tuple[str, str], Asked] = {
    ("GET", "/api/tags"): Asked(1, lambda _: Call("GET", "/api/tags")),
    ("GET", "/api/articles"): Asked(2, signed("GET", "/api/articles?limit=20")),
    ("POST", "/api/articles"): Asked(8, signed("POST", "/api/articles", NEW_ARTICLE, by="author")),
    ("GET", "/api/articles/feed"): Asked(2, signed("GET", "/api/articles/feed?limit=20")),
    ("GET", "/api/articles/{slug}"): Asked(2, signed("GET", "/api/articles/{slug}")),
    ("PUT", "/api/articles/{slug}"): Asked(
        8, on_new_article("PUT", body={"article": {"title": "Other", "tagList": ["x", "y"]}}, by="author")
    ),
    ("DELETE", "/api/articles/{slug}"): Asked(6, on_new_article("DELETE", by="author")),
    ("POST", "/api/articles/{slug}/favorite"): Asked(7, on_new_article("POST", "/favorite")),
    ("DELETE", "/api/articles/{slug}/favorite"): Asked(7, favorite),
    ("GET", "/api/articles/{slug}/comments"): Asked(3, signed("GET", "/api/articles/{slug}/comments")),
    ("POST", "/api/articles/{slug}/comments"): Asked(
        5, signed("POST", "/api/articles/{slug}/comments", {"comment": {"body": "Said"}})
    ),
    ("DELETE", "/api/articles/{slug}/comments/{id}"): Asked(
        5,
        lambda scene: Call(
            "DELETE", f"/api/articles/{scene.shop.slug}/comments/{scene.comment()}", scene.shop.buyer
        ),
    ),
    ("POST", "/api/users"): Asked(3, lambda _: Call("POST", "/api/users", None, {"json": NEW_USER})),
    ("POST", "/api/users/login"): Asked(7, lambda _: Call("POST", "/api/users/login", None, {"json": LOG_IN})),
    ("POST", "/api/users/logout"): Asked(3, log_out),
    ("GET", "/api/user"): Asked(1, signed("GET", "/api/user")),
    ("PUT", "/api/user"): Asked(4, signed("PUT", "/api/user", {"user": {"username": "buyer", "bio": "New"}})),
    ("GET", "/api/profiles/{username}"): Asked(2, signed("GET", "/api/profiles/author")),
    ("POST", "/api/profiles/{username}/follow"): Asked(3, signed("POST", "/api/profiles/author/follow")),
    ("DELETE", "/api/profiles/{username}/follow"): Asked(3, signed("DELETE", "/api/profiles/author/follow")),
    ("POST", "/api/orders"): Asked(9, order),
    ("GET", "/api/orders"): Asked(2, signed("GET", "/api/orders?limit=20")),
    ("GET", "/api/orders/{id}"): Asked(2, lambda scene: Call("GET", f"/api/orders/{scene.paid()}", scene.shop.buyer)),
    ("POST", "/api/orders/{id}/refund"): Asked(
        9, lambda scene: Call("POST", f"/api/orders/{scene.paid()}/refund", scene.shop.author)
    ),
    ("POST", "/api/coupons"): Asked(
        4,
        lambda scene: Call(
            "POST", "/api/coupons", scene.shop.author,
            {"json": {"coupon": {"code": "NEW", "slug": scene.shop.slug, "percentOff": 10, "uses": 1}}},
        ),
    ),
    ("GET", "/api/coupons"): Asked(2, signed("GET", "/api/coupons", by="author")),
    ("DELETE", "/api/coupons/{code}"): Asked(3, signed("DELETE", "/api/coupons/CODE1", by="author")),
    ("GET", "/api/balance"): Asked(2, signed("GET", "/api/balance", by="author")),
    ("GET", "/api/balance/entries"): Asked(2, signed("GET", "/api/balance/entries", by="author")),
    ("POST", "/api/payments/webhook"): Asked(5, event),
    ("POST", "/api/tickets"): Asked(2, signed("POST", "/api/tickets")),
    ("POST", "/api/link-previews"): Asked(
        1, signed("POST", "/api/link-previews", {"preview": {"url": "http://there.test/"}})
    ),
    ("POST", "/api/webhooks"): Asked(3, signed("POST", "/api/webhooks", NEW_WEBHOOK)),
    ("GET", "/api/webhooks"): Asked(2, signed("GET", "/api/webhooks", by="author")),
    ("GET", "/api/webhooks/{id}"): Asked(2, signed("GET", "/api/webhooks/1", by="author")),
    ("DELETE", "/api/webhooks/{id}"): Asked(3, signed("DELETE", "/api/webhooks/2", by="author")),
    ("GET", "/api/webhooks/{id}/deliveries"): Asked(3, signed("GET", "/api/webhooks/1/deliveries", by="author")),
    ("POST", "/api/webhooks/{id}/deliveries/{delivery}/retry"): Asked(4, dead),
    ("GET", "/api/user/articles/export"): Asked(2, signed("GET", "/api/user/articles/export?format=yaml", by="author")),
    ("POST", "/api/user/articles/import"): Asked(
        7, signed("POST", "/api/user/articles/import", {"articles": [NEW_ARTICLE["article"]] * MANY}, by="author")
    ),
    ("PUT", "/api/user/avatar"): Asked(5, avatar("PUT")),
    ("DELETE", "/api/user/avatar"): Asked(4, avatar("DELETE")),
    ("GET", "/api/avatars/{name}"): Asked(0, picture),
    ("GET", "/api/admin/audit"): Asked(2, by_staff("GET", "/api/admin/audit")),
    ("GET", "/api/admin/audit/verification"): Asked(5, by_staff("GET", "/api/admin/audit/verification")),
    ("POST", "/api/articles/{slug}/reports"): Asked(3, on_new_article("POST", "/reports", REPORT)),
    ("POST", "/api/articles/{slug}/comments/{id}/reports"): Asked(
        4,
        lambda scene: Call(
            "POST", f"/api/articles/{scene.shop.slug}/comments/{scene.comment()}/reports", scene.shop.buyer,
            {"json": REPORT},
        ),
    ),
    ("GET", "/api/moderation/reports"): Asked(2, by_staff("GET", "/api/moderation/reports")),
    ("GET", "/api/moderation/reports/{id}"): Asked(3, by_staff("GET", "/api/moderation/reports/1")),
    ("POST", "/api/moderation/reports/{id}/decision"): Asked(19, deciding("remove")),
    ("GET", "/api/moderation/users"): Asked(2, by_staff("GET", "/api/moderation/users?name=user")),
    ("GET", "/api/moderation/users/{id}"): Asked(2, by_staff("GET", "/api/moderation/users/2")),
    ("PUT", "/api/moderation/users/{id}/suspension"): Asked(
        8, by_staff("PUT", "/api/moderation/users/4/suspension", SUSPENSION)
    ),
    ("DELETE", "/api/moderation/users/{id}/suspension"): Asked(7, suspended),
    ("PUT", "/api/admin/users/{id}/role"): Asked(
        8, by_staff("PUT", "/api/admin/users/5/role", {"user": {"role": "moderator"}})
    ),
    ("GET", "/api/events"): Asked(4, signed("GET", "/api/events?article={slug}")),
}  # fmt: skip


def counted(app: AppClient, call: Call) -> int:
    """The statements of one request, which must succeed."""
    parts = app.app.state.parts
    value = parts.metrics._statements._value
    before = value.get()
    if call.path.startswith("/api/events"):
        status = app.run(opened(app, call))
    else:
        status = app.call(call.method, call.path, call.token, **call.rest).status_code
    assert 200 <= status < 300, f"{call.method} {call.path} is answered {status}"
    return int(value.get() - before)


async def opened(app: AppClient, call: Call) -> int:
    """The status of a stream whose client leaves when it has that."""
    path, _, query = call.path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(b"host", HOST.encode()), (b"authorization", f"Token {call.token}".encode())],
        "client": ("127.0.0.9", 40000), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    began = asyncio.Event()
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        await began.wait()
        return {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
            began.set()

    async with asyncio.timeout(10):
        await app.app(scope, receive, send)
    return statuses[0]


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, tmp_path: Path, payment_provider: Provider) -> Iterator[Scene]:
    """A filled shop whose background tasks stand still, without a rate limit: what these ask is no operation's."""
    url = request.getfixturevalue("database_url" if request.param == "sqlite" else "postgres_url")
    migrate(url)
    settings = {
        "provider_url": payment_provider.url,
        "provider_secret_file": payment_provider.secrets.path,
        "signing_key_file": tmp_path / "keys.json",
        "resolver_file": tmp_path / "names.json",
    }
    names = NamesFile(tmp_path / "names.json")
    with (
        stranger(lambda _heard: PAGE) as elsewhere,
        AppClient("hardened,password_hash=sha256,rate_limit=off", url, **settings) as app,
    ):
        names.lead("there.test", elsewhere.address)
        app.run(app.app.state.parts.background.stop())
        there = Scene(Shop(app))
        there.fill()
        yield there


def test_every_operation_has_a_bound() -> None:
    """What the OpenAPI document names and this table do not differ by an operation."""
    named = {(method.upper(), path) for path, methods in document()["paths"].items() for method in methods}
    assert set(OPERATIONS) == named


def test_no_operation_asks_more_than_its_bound(scene: Scene) -> None:
    """Each operation sends exactly the statements that it is known for, however much there is to list."""
    off = {}
    for operation, asked in OPERATIONS.items():
        found = counted(scene.app, asked.call(scene))
        if found != asked.statements:
            off[operation] = f"{found} statements, not {asked.statements}"
    assert not off, "\n".join(f"{method} {path}: {said}" for (method, path), said in off.items())
