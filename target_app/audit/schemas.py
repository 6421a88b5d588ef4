"""Queries and answers about the audit log."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from target_app.schema import LARGEST_INTEGER
from target_app.web.reading import Limit


class AuditQuery(BaseModel):
    """Which part of the log, the newest first."""

    limit: Limit = 50
    before: Annotated[int, Field(ge=1, le=LARGEST_INTEGER, description="`next` of the page before")] = LARGEST_INTEGER


class EntryShown(BaseModel):
    """One act: who did what to what."""

    number: int
    at: str
    actor: str
    action: str
    object: str
    details: dict[str, Any]
    previousHash: str  # noqa: N815  # the style of the contract's names
    hash: str


class AuditAnswer(BaseModel):
    """An answer with one page of the log; `next` is null on the last one."""

    entries: list[EntryShown]
    next: int | None


class VerificationShown(BaseModel):
    """Whether the log is whole. `rows` and `hash` are those up to which it is."""

    holds: bool
    rows: int
    hash: str
    brokenAt: int | None  # noqa: N815  # the style of the contract's names
    reason: str | None


class VerificationAnswer(BaseModel):
    """An answer with what a walk through the log found."""

    verification: VerificationShown
