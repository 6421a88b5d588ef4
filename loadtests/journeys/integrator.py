"""Integrating: articles come and go as files, a picture is uploaded, another server is looked at and told of events."""

from __future__ import annotations

import struct
import zlib
from urllib.parse import quote

from loadtests.journeys.conduit import BODY, PASSING_TITLE
from loadtests.steps import CREATED, DELETED, Answer, Content, Step, Steps, Visit

#: A server that the target's lab leads to, whatever the network: it has a page, and a sink for events.
STRANGER = "http://provider.example"
#: A delivery that has not failed for good is not made again.
RETRIED = frozenset({200, 409})
SIDE = 64


def integrator(visit: Visit) -> Steps:
    """Previews a link, imports articles whose publication a webhook hears of, exports and imports them again, shows a
    picture; then takes all of it back.
    """
    name = f"{next(visit.choices()):016x}"
    preview = {"preview": {"url": f"{STRANGER}/"}}
    yield Step("POST /api/link-previews", "POST", "/api/link-previews", preview, signed=True)
    webhook = {"webhook": {"url": f"{STRANGER}/sink", "events": ["article.published"]}}
    made = yield Step("POST /api/webhooks", "POST", "/api/webhooks", webhook, CREATED, signed=True)
    its = f"/api/webhooks/{quote(str(made.at('webhook', 'id')), safe='')}"
    yield Step("GET /api/webhooks", "GET", "/api/webhooks", signed=True)
    yield Step("GET /api/webhooks/{id}", "GET", its, signed=True)
    yield from articles(name)
    told = yield Step("GET /api/webhooks/{id}/deliveries", "GET", f"{its}/deliveries", signed=True)
    again = f"{its}/deliveries/{quote(str(told.at('deliveries', 0, 'id')), safe='')}/retry"
    yield Step("POST /api/webhooks/{id}/deliveries/{delivery}/retry", "POST", again, expected=RETRIED, signed=True)
    yield Step("DELETE /api/webhooks/{id}", "DELETE", its, None, DELETED, signed=True)
    yield from picture(name)


def articles(name: str) -> Steps:
    """A draft and an article come from JSON, go to YAML and come from that, and all are deleted."""
    new: list[dict[str, object]] = [
        {"title": f"{PASSING_TITLE} {name}", "description": "Soon gone", "body": BODY, "tagList": [], "draft": draft}
        for draft in (True, False)
    ]
    path = "/api/user/articles/import"
    first = yield Step(f"POST {path}", "POST", path, {"articles": new}, CREATED, signed=True)
    exported = "/api/user/articles/export"
    file = yield Step(f"GET {exported}", "GET", f"{exported}?format=yaml&limit={len(new)}", signed=True)
    content = Content(file.body, "application/yaml")
    second = yield Step(f"POST {path}", "POST", path, expected=CREATED, signed=True, content=content)
    for slug in (*slugs(first), *slugs(second)):
        one = f"/api/articles/{quote(slug, safe='')}"
        yield Step("DELETE /api/articles/{slug}", "DELETE", one, None, DELETED, signed=True)


def slugs(imported: Answer) -> list[str]:
    """Those of the articles that an import made."""
    return [imported.text("articles", number, "slug") for number in range(len(imported.entries("articles")))]


def picture(name: str) -> Steps:
    """A picture is uploaded, looked at and taken back."""
    path = "/api/user/avatar"
    content = form("avatar", "me.png", png(name.encode()), "image/png")
    shown = yield Step(f"PUT {path}", "PUT", path, signed=True, content=content)
    yield Step("GET /api/avatars/{name}", "GET", quote(shown.text("avatar", "image")))
    yield Step(f"DELETE {path}", "DELETE", path, None, DELETED, signed=True)


def form(field: str, filename: str, body: bytes, media_type: str) -> Content:
    """One file as a form carries it (RFC 7578); the boundary must not stand in the body."""
    boundary = f"{zlib.crc32(body):08x}-of-the-form"
    head = f'Content-Disposition: form-data; name="{field}"; filename="{filename}"\r\nContent-Type: {media_type}'
    whole = b"--%b\r\n%b\r\n\r\n%b\r\n--%b--\r\n" % (boundary.encode(), head.encode(), body, boundary.encode())
    return Content(whole, f"multipart/form-data; boundary={boundary}")


def png(seed: bytes) -> bytes:
    """A square of SIDE pixels whose colours the seed decides (PNG, W3C third edition)."""
    row = (seed * (3 * SIDE // len(seed) + 1))[: 3 * SIDE]
    pixels = zlib.compress(b"".join(b"\0" + row[number:] + row[:number] for number in range(SIDE)))
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
