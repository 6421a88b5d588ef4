"""A small Conduit over real HTTP with known behaviour: it can freeze, refuse, hang and hang up on request."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.parts.loopback import free_port, random_address

AUTHOR = {"username": "writer", "bio": None, "image": None, "following": False}


@dataclass(frozen=True)
class Seen:
    """One request as the server received it."""

    method: str
    path: str
    peer: str
    host: str
    credential: str | None
    body: Any


@dataclass
class SmallConduit:
    """The state of the server; tests change it from outside while it runs."""

    host: str = field(default_factory=random_address)
    other_host: str = field(default_factory=random_address)
    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    answered_ns: list[int] = field(default_factory=list)  # monotonic
    connections: int = 0
    articles: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: dict[int, str] = field(default_factory=dict)
    overrides: dict[tuple[str, str], int] = field(default_factory=dict)
    hanging: bool = False
    close_after_each: bool = False
    freeze_s: float = 0.0
    freeze_from: float = 0.0
    tokens: set[str] = field(default_factory=set)
    _first: float = 0.0

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def other_url(self) -> str:
        return f"http://{self.other_host}:{self.port}"

    def fill(self, count: int) -> None:
        for n in range(count):
            slug = f"article-{n}"
            self.articles[slug] = _article(slug, f"Article {n}", favorited=n % 2 == 0)

    def freeze(self, after_s: float, for_s: float) -> None:
        """Answer nothing for a while, once, counted from the next request."""
        self._first, self.freeze_from, self.freeze_s = 0.0, after_s, for_s

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while request := await _read(reader):
                method, path, headers, body = request
                peer = writer.get_extra_info("peername")[0]
                self.seen.append(Seen(method, path, peer, headers["host"], headers.get("authorization"), body))
                self._first = self._first or time.monotonic()
                if self.freeze_s and time.monotonic() - self._first >= self.freeze_from:
                    pause, self.freeze_s = self.freeze_s, 0.0
                    time.sleep(pause)  # on purpose in the loop: the whole server stands still
                if self.hanging:
                    await asyncio.sleep(3600)
                status, answer = self.answer(method, path, headers.get("authorization"), body)
                self.answered_ns.append(time.monotonic_ns())
                writer.write(_response(status, answer))
                if self.close_after_each:
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def answer(self, method: str, target: str, credential: str | None, body: Any) -> tuple[int, Any]:  # noqa: PLR0911 - a table
        parts = urlsplit(target)
        segments = [unquote(one) for one in parts.path.split("/")[2:]]
        override = self.overrides.get((method, parts.path))
        if override:
            return override, {"errors": {"body": ["told to"]}}
        match method, segments:
            case "POST", ["users", "login"]:
                return self._log_in(body["user"])
            case "GET", ["user"]:
                good = credential is not None and credential.removeprefix("Token ") in self.tokens
                return (200, {"user": {}}) if good else (401, {"errors": {"token": ["is missing"]}})
            case "GET", ["tags"]:
                return 200, {"tags": ["one", "two & more"]}
            case "GET", ["profiles", name]:
                return 200, {"profile": {**AUTHOR, "username": name}}
            case "GET", ["articles"]:
                tag = parse_qs(parts.query).get("tag")
                return 200, self._list([one for one in self.articles.values() if not tag or tag[0] in one["tagList"]])
            case "GET", ["articles", "feed"]:
                return 200, self._list([])
            case "POST", ["articles"]:
                slug = f"slug {len(self.seen)}/ü"
                self.articles[slug] = _article(slug, body["article"]["title"], draft=body["article"]["draft"])
                return 201, {"article": self.articles[slug]}
            case _, ["articles", slug, *rest]:
                return self._on_article(method, slug, rest, body)
        return 404, {"errors": {"path": ["not found"]}}

    def _on_article(self, method: str, slug: str, rest: list[str], body: Any) -> tuple[int, Any]:  # noqa: PLR0911 - a table
        article = self.articles.get(slug)
        if article is None:
            return 404, {"errors": {"article": ["not found"]}}
        match method, rest:
            case "GET", []:
                return 200, {"article": article}
            case "PUT", []:
                article.update(body["article"])
                return 200, {"article": article}
            case "DELETE", []:
                del self.articles[slug]
                return 204, None
            case "GET", ["comments"]:
                return 200, {"comments": []}
            case "POST", ["comments"]:
                self.comments[len(self.seen)] = slug
                return 201, {"comment": {"id": len(self.seen), "body": body["comment"]["body"]}}
            case "DELETE", ["comments", number]:
                return (204, None) if self.comments.pop(int(number), None) else (404, {})
            case ("POST" | "DELETE") as verb, ["favorite"]:
                article["favorited"] = verb == "POST"
                return 200, {"article": article}
        return 404, {}

    def _log_in(self, user: dict[str, str]) -> tuple[int, Any]:
        name = user["email"].partition("@")[0]
        if user["password"] != f"correct-horse-{name.removeprefix('reader')}":
            return 401, {"errors": {"credentials": ["invalid"]}}
        token = f"token.of.{name}"
        self.tokens.add(token)
        return 200, {"user": {"email": user["email"], "token": token, "username": name}}

    def _list(self, articles: list[dict[str, Any]]) -> dict[str, Any]:
        public = [one for one in articles if not one.get("draft")]
        return {"articles": list(reversed(public))[:20], "articlesCount": len(public)}


@contextmanager
def small_conduit(articles: int = 25) -> Iterator[SmallConduit]:
    """The server in a thread of its own, with that many articles."""
    conduit = SmallConduit()
    conduit.fill(articles)
    conduit.port = free_port(conduit.host)
    loop = asyncio.new_event_loop()
    # Two addresses of one loop: as two arms, the order in which requests come to them can be seen.
    serving = asyncio.start_server(conduit.serve, (conduit.host, conduit.other_host), conduit.port)
    server = loop.run_until_complete(serving)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield conduit
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str], Any] | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    line, *fields = head.strip().split("\r\n")
    method, path, _ = line.split(" ")
    headers = {name.lower(): value.strip() for name, value in (one.split(":", 1) for one in fields)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return method, path, headers, json.loads(body) if body else None


def _response(status: int, body: Any) -> bytes:
    if body is None:
        return f"HTTP/1.1 {status} X\r\n\r\n".encode()
    encoded = json.dumps(body).encode()
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(encoded)}\r\n\r\n".encode() + encoded


def _article(slug: str, title: str, *, favorited: bool = False, draft: bool = False) -> dict[str, Any]:
    return {
        "slug": slug, "title": title, "body": "text", "tagList": ["one"], "favorited": favorited,
        "author": AUTHOR, "draft": draft,
    }  # fmt: skip
