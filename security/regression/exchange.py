"""A request as a probe meant it and the answer it got: what evidence, replaying and regression tests are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from security.regression.player import Answer


@dataclass(frozen=True)
class Origin:
    """Where a value was taken from: an earlier exchange, and a place in its answer in the player's notation."""

    exchange: Exchange
    place: str


class TakenText(str):
    """A text out of an answer that knows where it stood, so that a script can take it from there again."""

    origin: Origin

    def __new__(cls, text: str, origin: Origin) -> TakenText:
        """`text`, taken from `origin`."""
        made = super().__new__(cls, text)
        made.origin = origin
        return made


class TakenNumber(int):
    """A whole number out of an answer; see `TakenText`."""

    origin: Origin

    def __new__(cls, number: int, origin: Origin) -> TakenNumber:
        """`number`, taken from `origin`."""
        made = super().__new__(cls, number)
        made.origin = origin
        return made


Taken = TakenText | TakenNumber


def take(value: object, exchange: Exchange, place: str) -> Any:
    """`value` as one that remembers its place; a value that is neither text nor whole number stays as it is."""
    origin = Origin(exchange, place)
    if isinstance(value, str):
        return TakenText(value, origin)
    if isinstance(value, int) and not isinstance(value, bool):
        return TakenNumber(value, origin)
    return value


@dataclass(frozen=True)
class Request:
    """One request: `template` as the document has it, `params` for its places; at most one of json, form and text."""

    method: str
    template: str
    params: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, Any] | None = None
    text: str | None = None

    @property
    def path(self) -> str:
        """The path to send, every value quoted."""
        path = self.template
        for name, value in self.params.items():
            path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
        return path

    @property
    def name(self) -> str:
        """Method and path template."""
        return f"{self.method} {self.template}"


@dataclass(frozen=True, eq=False)
class Exchange:
    """A request by `who`, with the credential's headers and query that were added to it, and its answer."""

    number: int
    who: str
    request: Request
    credential: Mapping[str, Any]
    answer: Answer
    repeat: int = 1
    parallel: bool = False

    @property
    def status(self) -> int:
        """The status of the (first) answer."""
        return self.answer.status

    @property
    def ok(self) -> bool:
        """Whether the answer is a success (2xx)."""
        return 200 <= self.answer.status < 300

    @property
    def refused(self) -> bool:
        """Whether the answer says that this actor may not, or that there is no such thing for it."""
        return self.answer.status in (401, 403, 404, 405, 410)

    def line(self) -> str:
        """The exchange in a few words, for evidence."""
        return f"{self.who}: {self.request.method} {self.request.path[:120]} -> {self.answer.status}"
