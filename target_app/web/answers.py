"""Answers as ready bytes: no response model is built or validated on the way out."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from starlette.responses import Response


def json_answer(content: Any, status: int = 200) -> Response:
    """`content` as JSON, encoded once."""
    return Response(orjson.dumps(content), status, media_type="application/json")


@lru_cache(maxsize=8192)
def moment(milliseconds: int | None) -> str | None:
    """A stored time as ISO 8601, UTC, with milliseconds. Lists show the same few articles: most calls are look-ups."""
    if milliseconds is None:
        return None
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
