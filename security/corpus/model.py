"""What the corpus is made of: payload sets and carriers as the files hold them, and cases as they are played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["attack", "benign"]
Place = Literal["query", "path", "header", "json_value", "json_key", "multipart"]

SLOT = "{payload}"


class Table(BaseModel):
    """A table of a file: unknown keys are mistakes, and say so."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Carrier(Table):
    """A request with one slot, `{payload}`: in the target, a header's value, a JSON body or a part of a form."""

    place: Place
    method: str = "GET"
    target: str
    header: str | None = None
    body: str | None = None
    part: str | None = None
    content: str | None = None


class Aimed(Table):
    """A payload that fits one carrier alone."""

    text: str
    carrier: str


class Requested(Table):
    """A whole request of the benign set."""

    method: str
    target: str
    body: str | None = None


class PayloadSet(Table):
    """One file: payloads of a class, where they may stand and what they may wear."""

    category: str = Field(alias="class", pattern=r"^[a-z_]+$")
    carriers: list[str] = []
    disguises: list[Literal["mixed_case", "comments"]] = []
    payloads: list[str | Aimed] = []
    requests: Annotated[list[Requested], Field(min_length=0)] = []


@dataclass(frozen=True)
class Request:
    """What is sent, to the byte. `target` is the request target, percent-encoded as it is to go over the wire."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True)
class Case:
    """One request of the corpus, and what is known of it. `id` stays the same as long as its payload does."""

    id: str
    kind: Kind
    category: str
    place: Place
    encoding: str
    payload: str
    request: Request
