"""Bodies, query strings and answers about reports."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from target_app.moderation.rows import Kind
from target_app.schema import LARGEST_INTEGER
from target_app.web.reading import Filled, Limit, Text

LONGEST_REASON = 1000

Reason = Annotated[Filled, Field(max_length=LONGEST_REASON)]
Status = Literal["open", "dismissed", "removed"]
Verdict = Literal["dismiss", "remove"]


class NewReport(BaseModel):
    """Why somebody should look at it."""

    reason: Reason


class NewReportBody(BaseModel):
    """The body of a report."""

    report: NewReport


class ReportQuery(BaseModel):
    """Which part of the queue: open reports with the oldest first, closed ones with the newest first."""

    status: Literal["open", "closed"] = "open"
    limit: Limit = 20
    after: Annotated[int | None, Field(ge=0, le=LARGEST_INTEGER, description="`next` of the page before")] = None


class Decision(BaseModel):
    """What becomes of a report. `remove` deletes what it is about, and closes every open report on that."""

    verdict: Verdict
    note: Annotated[Text, Field(max_length=LONGEST_REASON)] = ""


class DecisionBody(BaseModel):
    """The body of a decision."""

    decision: Decision


class Receipt(BaseModel):
    """A report, as its reporter sees it."""

    id: int
    kind: Kind
    reason: str
    status: Status


class ReceiptAnswer(BaseModel):
    """The answer to a report."""

    report: Receipt


class Person(BaseModel):
    """A user by number and name."""

    id: int
    username: str


class ReportShown(BaseModel):
    """A report; `excerpt` is the beginning of what the reporter saw."""

    id: int
    kind: Kind
    reason: str
    excerpt: str
    author: Person
    reporter: Person
    status: Status
    note: str
    createdAt: str  # noqa: N815  # the style of the contract's names
    closedAt: str | None  # noqa: N815  # the style of the contract's names
    closedBy: str | None  # noqa: N815  # the style of the contract's names


class ObjectShown(BaseModel):
    """What was reported, as it is now: an article, or a comment with the title of its article."""

    slug: str
    title: str
    body: str


class ReportWithObject(ReportShown):
    """A report; `object` is null where it was deleted or its author made a draft of it."""

    object: ObjectShown | None


class ReportAnswer(BaseModel):
    """An answer with one report."""

    report: ReportWithObject


class ReportsAnswer(BaseModel):
    """An answer with one page of the queue; `next` is null on the last one."""

    reports: list[ReportShown]
    next: int | None
