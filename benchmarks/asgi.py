"""An ASGI application called in this process: no socket, no HTTP parser."""

from typing import Any

from starlette.types import ASGIApp, Message

HOST = b"127.0.0.1:8000"


def get(path: str, query: str = "") -> dict[str, Any]:
    """The scope of a GET, new for each call: applications write into it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", HOST), (b"accept", b"*/*")],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }


async def nothing_to_read() -> Message:
    """The body of a GET."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def answered(app: ASGIApp, scope: dict[str, Any]) -> list[Message]:
    """What `app` sends for `scope`: its start, then its bodies."""
    messages: list[Message] = []
    await sent_to(messages, app, scope)
    return messages


async def sent_to(messages: list[Message], app: ASGIApp, scope: dict[str, Any]) -> None:
    """Append what `app` sends to `messages`, which keep it also where the application raises afterwards."""

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope, nothing_to_read, send)
