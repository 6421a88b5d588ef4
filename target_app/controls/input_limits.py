"""How much of a request this server takes in, and how much work it does for it, before it says no."""

import json
import re
from collections.abc import AsyncGenerator, Mapping
from typing import Annotated, Any, Protocol, TypeVar

from fastapi import Request
from pydantic import BaseModel, Field

from target_app.controls.model import Factor, Kit, Level, StaticFinding
from target_app.schema import LARGEST_INTEGER
from target_app.transfer import plain_json
from target_app.web.errors import ApiError

Query = TypeVar("Query", bound=BaseModel)
#: Lists, mappings, their keys and their values: four times what the largest honest import has.
MOST_NODES = 20_000
DEEPEST = 16


class InputLimits(Protocol):
    """Reads what comes from outside. `most` is in bytes, and the caller's own: what it can use."""

    #: Fits an idempotency key: visible ASCII, as a header carries it safely.
    key: re.Pattern[str]

    async def body(self, request: Request, most: int) -> bytes:
        """The whole body. Raises ApiError 413."""

    def chunks(self, request: Request, most: int) -> AsyncGenerator[bytes, None]:
        """The body as it comes. Raises ApiError 413 instead of handing out more than `most`."""

    def query(self, given: Mapping[str, str], model: type[Query]) -> Query:
        """The query string as `model`. Raises ValidationError."""

    def read_json(self, content: bytes) -> Any:
        """The value of a JSON document. Raises ValueError."""


class Bounded:
    """No byte is read of a body that says it is too large; one that does not say is given up when it is."""

    key = re.compile(r"[!-~]{1,255}")

    def __init__(self, kit: Kit) -> None:
        self._allow = kit.metrics.decision("input_limits", "allow")
        self._deny = kit.metrics.decision("input_limits", "deny")

    async def body(self, request: Request, most: int) -> bytes:
        """At most `most` bytes are ever held."""
        return b"".join([chunk async for chunk in self.chunks(request, most)])

    async def chunks(self, request: Request, most: int) -> AsyncGenerator[bytes, None]:
        """A client that asked first (`Expect: 100-continue`) is told before it sends anything."""
        if declared_length(request) > most:
            raise self._refusal()
        taken = 0
        async for chunk in request.stream():
            taken += len(chunk)
            if taken > most:
                raise self._refusal()
            yield chunk
        self._allow()

    def query(self, given: Mapping[str, str], model: type[Query]) -> Query:
        """A page is as long as the model allows."""
        return model.model_validate(given)

    def read_json(self, content: bytes) -> Any:
        """Bounded in size and depth before anything is built."""
        return plain_json.load(content, MOST_NODES, DEEPEST)

    def _refusal(self) -> ApiError:
        self._deny()
        return ApiError(413, {"body": ["is too large"]})


class Unbounded:
    """Whatever comes is taken in: nobody thought of a size."""

    #: Words with or without dashes between them. Where it does not fit, all ways to cut a text into words are tried.
    key = re.compile(r"(?:[!-~]+-?)+")

    def __init__(self, _kit: Kit) -> None:
        return None

    async def body(self, request: Request, _most: int) -> bytes:
        """All of it, in memory."""
        return await request.body()

    def chunks(self, request: Request, _most: int) -> AsyncGenerator[bytes, None]:
        """All of it."""
        return request.stream()

    def query(self, given: Mapping[str, str], model: type[Query]) -> Query:
        """A page is as long as the client likes."""
        size = AnySize.model_validate(given).model_dump(exclude_none=True)
        found = model.model_validate({name: value for name, value in given.items() if name not in size})
        return found.model_copy(update=size)

    def read_json(self, content: bytes) -> Any:
        """By the standard library, which fails on what is nested deeper than the stack."""
        return json.loads(content)


class AnySize(BaseModel):
    """How many rows of a list are wanted."""

    limit: Annotated[int, Field(ge=1, le=LARGEST_INTEGER)] | None = None


def declared_length(request: Request) -> int:
    """What Content-Length says; 0 for a body that comes in chunks of any number."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0


INPUT_LIMITS: Factor[InputLimits] = Factor(
    name="input_limits",
    kind="control",
    threat="A single request takes the server's memory or time from everybody",
    owasp=("API4",),
    asvs=("15.2.2",),
    cwe=("770", "1333"),
    cost_hypothesis="A few µs for a request with a body, whose pieces are counted; nothing for others",
    journeys=("author", "integrator"),
    levels=(
        Level(
            "off",
            "weak",
            "bodies, pages and documents of any size, and a pattern that may take forever",
            Unbounded,
            trips=("large_body", "large_page", "deep_document", "slow_pattern"),
            static_findings=(StaticFinding("R303", "target_app/controls/input_limits.py", "Unbounded"),),
        ),
        Level("on", "strong", "every body, page, document and pattern is bounded", Bounded),
    ),
)
