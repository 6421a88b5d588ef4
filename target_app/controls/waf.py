"""What stands before the whole application and refuses requests that look like attacks."""

from collections import deque
from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from target_app.controls.model import Factor, Kit, Level
from target_app.controls.waf_rules import broken_rule
from target_app.controls.waf_text import PLAIN_HEADERS, Field, body_fields, path_fields, query_fields
from target_app.web.errors import error_response

#: Bytes of a body that are looked at; what comes after them passes unseen, and as it comes.
INSPECTED = 64 * 1024
#: Parameters, or keys and values of a body.
MOST_TEXTS = 4000
#: Header values are few and come again: a client sends the same ones with each request.
HEADER_VALUES = 512
#: Tells a refusal by a WAF from the application's own.
MARK = {"X-Refused-By": "waf"}


class Waf(Protocol):
    """Puts the WAF, if there is one in this process, around the app."""

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The app with this level's WAF in front."""


class NoWaf:
    """Nothing in this process stands in front of the app."""

    def __init__(self, _kit: Kit) -> None:
        return None

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The app itself."""
        return app


class Light:
    """Our own few rules (`waf_rules.py`), in this process."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The app behind these rules."""
        return Inspected(app, self._kit)


class Inspected:
    """An ASGI app that sees no request which breaks a rule. Answers are not looked at: streams and sockets flow."""

    def __init__(self, app: ASGIApp, kit: Kit) -> None:
        self._app = app
        self._allow = kit.metrics.decision("waf", "allow")
        self._deny = kit.metrics.decision("waf", "deny")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what breaks a rule; pass on the rest, with its body as it came."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        broken = broken_in_head(scope)
        if broken is None and scope["type"] == "http" and has_body(scope):
            begun = await beginning(receive)
            receive = replaying(begun, receive)
            broken = broken_in_body(scope, b"".join(message.get("body", b"") for message in begun))
        if broken is None:
            self._allow()
            await self._app(scope, receive, send)
        else:
            self._deny()
            await error_response(403, {"request": ["is refused"]}, MARK)(scope, receive, send)


def broken_in_head(scope: Scope) -> str | None:
    """The first rule that path, query or header fields break."""
    broken = first_broken(path_fields(scope["raw_path"]))
    if broken is None and scope["query_string"]:
        broken = first_broken(query_fields(scope["query_string"].decode("latin-1")))
    for name, value in scope["headers"]:
        if broken is None and name not in PLAIN_HEADERS:
            broken = broken_by_header(value)
    return broken


@lru_cache(HEADER_VALUES)
def broken_by_header(value: bytes) -> str | None:
    """The first rule that a header's value breaks."""
    return broken_rule(Field("header", value.decode("latin-1")))


def broken_in_body(scope: Scope, body: bytes) -> str | None:
    """The first rule that a body, or its beginning, breaks."""
    kinds = [value for name, value in scope["headers"] if name == b"content-type"]
    return first_broken(body_fields(kinds[0].decode("latin-1").lower() if kinds else "", body[:INSPECTED]))


def first_broken(fields: Iterable[Field]) -> str | None:
    """The first rule that one of the texts breaks; more texts than can be read quickly break one too."""
    for number, field in enumerate(fields):
        if number == MOST_TEXTS:
            return "too_many_texts"
        if (broken := broken_rule(field)) is not None:
            return broken
    return None


def has_body(scope: Scope) -> bool:
    """Whether the request says that a body follows (RFC 9112, 6.3)."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


async def beginning(receive: Receive) -> list[Message]:
    """The messages that hold the first INSPECTED bytes of the body, or all of it."""
    begun, size = [], 0
    while size < INSPECTED:
        message = await receive()
        begun.append(message)
        size += len(message.get("body", b""))
        if not message.get("more_body", False):  # the end, or the client's
            break
    return begun


def replaying(begun: list[Message], receive: Receive) -> Receive:
    """What gives these messages again, and then what comes."""
    waiting = deque(begun)

    async def again() -> Message:
        return waiting.popleft() if waiting else await receive()

    return again


WAF: Factor[Waf] = Factor(
    name="waf",
    kind="control",
    threat="An attack meets a hole that nobody knows of yet",
    owasp=("API8",),
    asvs=(),
    cwe=("1039",),
    cost_hypothesis="light: tens of µs; nginx: a hop; the OWASP rules: milliseconds, most for JSON bodies",
    journeys=("author", "anonymous_reader"),
    levels=(
        Level("off", "depth", "nothing stands in front", NoWaf),
        Level("light", "depth", "few rules of our own, in the same process", Light),
        Level("proxy", "depth", "nginx in front, without rules: what the price of crs_* is compared with", NoWaf),
        Level("crs_pl1", "depth", "nginx, ModSecurity and the OWASP rules, paranoia level 1", NoWaf),
        Level("crs_pl2", "depth", "the same, paranoia level 2", NoWaf),
        Level("crs_pl3", "depth", "the same, paranoia level 3", NoWaf),
    ),
)
