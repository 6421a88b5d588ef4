from typing import Any, Final

import orjson
from pytest_benchmark.fixture import BenchmarkFixture
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks.asgi import get
from benchmarks.calls import measure_step
from benchmarks.levels import each_level
from target_app.controls.model import Kit
from target_app.controls.waf import WAF

#: An article as people write them: 2 KiB of prose with quotation marks, links and a piece of code.
PARAGRAPH: Final = "We walked to the fort at low tide -- it's two miles (3.2 km) -- and were back by six. "
MARKDOWN: Final = "See [the map](https://harbour.example/map?from=pier&to=fort).\n\n```\nls -l | sort\n```\n\n"
ARTICLE: Final = {
    "title": "What's new, at the fort?",
    "description": "A walk",
    "body": PARAGRAPH * 22 + MARKDOWN,
    "tagList": ["sea", "walks"],
}
POSTED: Final = orjson.dumps({"article": ARTICLE})
BROWSER: Final = b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"


async def answer(_scope: Scope, receive: Receive, send: Send) -> None:
    """The smallest application that reads its body and answers."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def ignore(_message: Message) -> None:
    """Nobody reads the answer."""


def asked(path: str, query: str, body: bytes = b"") -> tuple[dict[str, Any], Receive]:
    """A request as a browser sends it, and what gives its body."""
    scope = get(path, query)
    scope["headers"] += [(b"user-agent", BROWSER), (b"authorization", b"Token " + b"x" * 200)]
    if body:
        scope |= {"method": "POST"}
        scope["headers"] += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return scope, receive


def played(benchmark: BenchmarkFixture, app: ASGIApp, path: str, query: str, body: bytes = b"") -> None:
    """Measure one request through the app."""
    measure_step(benchmark, lambda: app(*asked(path, query, body), ignore))  # type: ignore[arg-type, return-value]


@each_level(WAF)
def test_list(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: light costs 10 to 20 µs for a list. The fronts are other processes: nothing is spent here."""
    app = WAF.level(level).build(kit).wrap(answer)
    played(benchmark, app, "/api/articles", "tag=sea&author=reader0003&limit=20")


@each_level(WAF)
def test_article(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: light costs 50 to 80 µs for a new article of 2 KiB, most of it for the beginnings of its texts; one
    that begins with code is read twice.
    """
    app = WAF.level(level).build(kit).wrap(answer)
    played(benchmark, app, "/api/articles", "", POSTED)
