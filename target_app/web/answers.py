"""Answers, whose content becomes bytes when the route sends them."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from pydantic import BeforeValidator
from starlette.responses import Response


class Answer(Response):
    """A JSON answer. Endpoints give its content; the route has it written, by the serializer's level."""

    media_type = "application/json"

    def __init__(self, content: Any, status: int = 200) -> None:
        # Not Starlette's: that would render the content here.
        self.content = content
        self.status_code = status
        self.background = None
        self.raw_headers = [(b"content-type", b"application/json")]

    def write(self, body: bytes) -> None:
        """Take the content's bytes."""
        self.body = body
        self.raw_headers.append((b"content-length", b"%d" % len(body)))


def read_stored(value: Any) -> Any:
    """The texts of a list that goes into answers as the JSON that it is stored as."""
    return orjson.loads(orjson.dumps(value)) if isinstance(value, orjson.Fragment) else value


#: In a response model: the list, or its stored JSON.
Stored = BeforeValidator(read_stored)


def json_answer(content: Any, status: int = 200) -> Answer:
    """`content` as JSON."""
    return Answer(content, status)


@lru_cache(maxsize=8192)
def moment(milliseconds: int | None) -> str | None:
    """A stored time as ISO 8601, UTC, with milliseconds. Lists show the same few articles: most calls are look-ups."""
    if milliseconds is None:
        return None
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
