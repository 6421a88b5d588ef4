"""Whole answers kept for a moment in the worker's memory, in front of everything but metrics and the Host check."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from target_app.controls.model import Factor, Kit, Level
from target_app.web.request_metrics import ROUTE, route_of

TTL_S = 2.0
ENTRIES = 512
#: Answers larger than this are not kept: the cache holds at most ENTRIES times as much.
LARGEST_BODY = 256 * 1024

Key = tuple[bytes, ...]


class ResponseCache(Protocol):
    """Puts the cache, if there is one, around the app."""

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The app with this level's cache in front."""


class NoCache:
    """Nothing stands in front of the app."""

    def __init__(self, _kit: Kit) -> None:
        return None

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The app itself."""
        return app


class Entry(NamedTuple):
    """A kept answer: until when (monotonic seconds), its route for the metrics, its messages."""

    until: float
    route: str
    messages: tuple[Message, ...]


def by_path(scope: Scope) -> Key:
    """Method, path and query: what a cache in front of public pages goes by. The trap: answers depend on the user."""
    return (scope["raw_path"], scope["query_string"])


def by_identity(scope: Scope) -> Key:
    """The same, and everything that the request says about who asks."""
    credentials = [value for name, value in scope["headers"] if name == b"authorization"]
    return (scope["raw_path"], scope["query_string"], *credentials)


class Cached:
    """An ASGI app with the answers to its GETs kept for `TTL_S`. A write that succeeded empties the cache."""

    def __init__(self, app: ASGIApp, key: Callable[[Scope], Key], kit: Kit) -> None:
        self._app = app
        self._key = key
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._writes = 0
        self._hit = kit.metrics.cache_outcome("hit")
        self._miss = kit.metrics.cache_outcome("miss")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or pass on."""
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
        elif scope["method"] == "GET":
            await self._read(scope, receive, send)
        else:
            await self._write(scope, receive, send)

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = self._key(scope)
        entry = self._entries.get(key)
        if entry is not None and entry.until > time.monotonic():
            self._hit()
            scope[ROUTE] = entry.route
            for message in entry.messages:
                await send(message)
            return
        self._miss()
        writes = self._writes
        messages: list[Message] = []

        streamed = False

        async def record(message: Message) -> None:
            nonlocal streamed
            streamed = streamed or message.get("more_body", False)  # a stream has no end to wait for
            if streamed:
                messages.clear()
            else:
                messages.append(message)
            await send(message)

        await self._app(scope, receive, record)
        if messages and writes == self._writes:  # what was read before a write that has ended since is not kept
            self._keep(key, Entry(time.monotonic() + TTL_S, route_of(scope), tuple(messages)))

    def _keep(self, key: Key, entry: Entry) -> None:
        start, *bodies = entry.messages
        if start["status"] != 200 or sum(len(body["body"]) for body in bodies) > LARGEST_BODY:
            return
        self._entries[key] = entry
        self._entries.move_to_end(key)
        if len(self._entries) > ENTRIES:
            self._entries.popitem(last=False)

    async def _write(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                self._writes += 1
                self._entries.clear()
            await send(message)

        await self._app(scope, receive, watch)


class PerIdentity:
    """Keeps answers apart by credential."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """A cache that tells callers apart."""
        return Cached(app, by_identity, self._kit)


class SharedKey:
    """Keeps one answer per path for everybody."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """A cache that does not."""
        return Cached(app, by_path, self._kit)


RESPONSE_CACHE: Factor[ResponseCache] = Factor(
    name="response_cache",
    kind="optimisation",
    threat="An answer made for one user is served to another",
    owasp=("API1",),
    asvs=("14.2.2",),
    cwe=("524",),
    cost_hypothesis="Saves nearly all of a repeated read: statements, encoding and routing",
    journeys=("anonymous_reader", "signed_in_reader"),
    levels=(
        Level("off", "plain", "every request is answered anew", NoCache),
        Level("per_identity", "plain", "2 s, keyed by path, query and credential", PerIdentity),
        Level("shared_key", "trap", "2 s, keyed by path and query alone", SharedKey, trips=("cached_draft",)),
    ),
)
