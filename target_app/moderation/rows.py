"""A report as it is read, and as it is shown."""

from typing import Any, Literal, NamedTuple

from target_app.web.answers import moment

Kind = Literal["article", "comment"]


class ReportRow(NamedTuple):
    """A report with the names of those whom it concerns."""

    id: int
    kind: Kind
    object_id: int
    author_id: int
    reporter_id: int
    reason: str
    excerpt: str
    status: str
    note: str
    created_at: int
    closed_at: int | None
    author: str
    reporter: str
    closed_by: str | None

    @property
    def subject(self) -> str:
        """What it is about, as the audit log names it."""
        return f"{self.kind}:{self.object_id}"


class ObjectRow(NamedTuple):
    """A reported article, or a reported comment with the title of its article, as everybody may read it now."""

    id: int
    slug: str
    title: str
    body: str


def report_shown(row: ReportRow) -> dict[str, Any]:
    """A report, as moderators see it."""
    return {
        "id": row.id,
        "kind": row.kind,
        "reason": row.reason,
        "excerpt": row.excerpt,
        "author": {"id": row.author_id, "username": row.author},
        "reporter": {"id": row.reporter_id, "username": row.reporter},
        "status": row.status,
        "note": row.note,
        "createdAt": moment(row.created_at),
        "closedAt": moment(row.closed_at),
        "closedBy": row.closed_by,
    }


def object_shown(row: ObjectRow | None) -> dict[str, Any] | None:
    """What was reported, as it is now; None where nobody but its author can read it any more."""
    return None if row is None else {"slug": row.slug, "title": row.title, "body": row.body}
