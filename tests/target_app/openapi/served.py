"""A seeded `hardened` to send odd things to, and what a client needs for that."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from target_app.seeding import reader_password
from tests.parts.pictures import png
from tests.parts.provider import provider
from tests.parts.stranger import NamesFile, Said, stranger
from tests.parts.target import TargetServer, target_server
from tests.parts.templates import SqliteTemplates

TREATMENT = "hardened,password_hash=sha256,rate_limit=off"
PAGE = Said(200, b"<title>There</title>", {"Content-Type": "text/html"})

#: Operations that end tokens.
ENDING = {"/api/user", "/api/users/logout"}


@dataclass(frozen=True)
class Served:
    """The server, tokens of a reader and of an admin, and parts of paths that name something there."""

    server: TargetServer
    token: str
    admin: str
    existing: dict[str, Any]

    def signed(self, path: str) -> str:
        """The token of somebody who may use an operation: of somebody new where its use may end the token."""
        if path in ENDING:
            return register(self.server.url)
        return self.admin if path.startswith(("/api/admin/", "/api/moderation/")) else self.token


@contextmanager
def served(seeded: SqliteTemplates, folder: Path) -> Iterator[Served]:
    """A server with cheap hashes, whose price is not the point, and no rate limit: odd things come by the thousand."""
    url = seeded.copy(folder, password_hash="sha256", articles=100)
    names = NamesFile(folder / "names.json")
    with (
        provider(folder) as sells,
        stranger(lambda _heard: PAGE) as elsewhere,
        target_server(TREATMENT, url, folder, settings=sells.settings | names.settings) as server,
    ):
        names.lead("there.test", elsewhere.address)
        token, admin = (sign_in(server.url, *who) for who in (("reader0060", 60), ("admin0001", 1)))
        article = httpx.get(f"{server.url}/api/articles?limit=1").json()["articles"][0]
        existing = {
            "name": avatar(server.url, token),
            "slug": article["slug"],
            "username": article["author"]["username"],
            "id": 1,
            "delivery": 1,
            "code": "SAVE0001",
        }
        order(server.url, token)
        webhook(server.url, token)
        report(server.url, token)
        yield Served(server, token, admin, existing)


def sign_in(url: str, name: str, number: int) -> str:
    """The token of a seeded user."""
    user = {"email": f"{name}@example.test", "password": reader_password(number)}
    return str(httpx.post(f"{url}/api/users/login", json={"user": user}).json()["user"]["token"])


def register(url: str) -> str:
    """The token of a new user."""
    name = secrets.token_hex(8)
    user = {"username": name, "email": f"{name}@example.test", "password": "a-long-enough-password"}
    return str(httpx.post(f"{url}/api/users", json={"user": user}).raise_for_status().json()["user"]["token"])


def avatar(url: str, token: str) -> str:
    """The name of the user's picture."""
    headers = {"Authorization": f"Token {token}"}
    answer = httpx.put(f"{url}/api/user/avatar", files={"avatar": ("me.png", png())}, headers=headers)
    return str(answer.raise_for_status().json()["avatar"]["image"]).rpartition("/")[2]


def webhook(url: str, token: str) -> None:
    """A webhook that the user has number 1 of, and a delivery."""
    headers = {"Authorization": f"Token {token}"}
    body = {"webhook": {"url": "http://there.test/", "events": ["article.published"]}}
    httpx.post(f"{url}/api/webhooks", json=body, headers=headers).raise_for_status()
    article = {"title": "T", "description": "D", "body": "B"}
    httpx.post(f"{url}/api/articles", json={"article": article}, headers=headers).raise_for_status()


def report(url: str, token: str) -> None:
    """A report on a comment, so that there is one with the number 1, whose removal leaves the article to others."""
    headers = {"Authorization": f"Token {token}"}
    slug = httpx.get(f"{url}/api/articles?limit=1").json()["articles"][0]["slug"]
    path = f"{url}/api/articles/{slug}/comments"
    said = httpx.post(path, json={"comment": {"body": "Said"}}, headers=headers).raise_for_status().json()["comment"]
    why = {"report": {"reason": "Look at it"}}
    httpx.post(f"{path}/{said['id']}/reports", json=why, headers=headers).raise_for_status()


def order(url: str, token: str) -> None:
    """An order, so that there is one with the number 1."""
    articles = httpx.get(f"{url}/api/articles?limit=100").json()["articles"]
    slug = next(article["slug"] for article in articles if "price" in article)
    headers = {"Authorization": f"Token {token}", "Idempotency-Key": "first"}
    httpx.post(f"{url}/api/orders", json={"order": {"slug": slug}}, headers=headers).raise_for_status()
