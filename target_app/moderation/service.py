from collections.abc import Mapping
from typing import Any

from target_app.articles.service import ArticleService
from target_app.comments.service import CommentService
from target_app.controls.audit_log import Action, Actor, AuditLog
from target_app.controls.function_authz import FunctionAuthz
from target_app.moderation.repository import ReportRepository
from target_app.moderation.rows import Kind, ObjectRow, ReportRow, object_shown, report_shown
from target_app.moderation.schemas import Decision, NewReport, ReportQuery
from target_app.schema import now_ms
from target_app.unit_of_work import UnitOfWork
from target_app.users.repository import UserRow
from target_app.web.errors import ApiError, not_found

#: Characters of a reported object that are kept with the report.
EXCERPT = 500
STATUS = {"dismiss": "dismissed", "remove": "removed"}
REMOVED: Mapping[Kind, Action] = {"article": "article.removed", "comment": "comment.removed"}


class ReportService:
    """Reports of readers, and what moderators make of them."""

    def __init__(
        self,
        repository: ReportRepository,
        articles: ArticleService,
        comments: CommentService,
        functions: FunctionAuthz,
        audit: AuditLog,
    ) -> None:
        self._repository = repository
        self._articles = articles
        self._comments = comments
        self._functions = functions
        self._audit = audit

    async def report_article(self, work: UnitOfWork, slug: str, new: NewReport, viewer: int) -> dict[str, Any]:
        """Report an article. Raises ApiError 404, and 409 where the viewer has an open report on it."""
        await work.writing()
        article = await self._articles.readable(work, slug, viewer)
        seen = f"{article.title}\n\n{article.body}"
        return await self._add(work, "article", article.id, article.author_id, seen, new, viewer)

    async def report_comment(
        self, work: UnitOfWork, slug: str, comment_id: int, new: NewReport, viewer: int
    ) -> dict[str, Any]:
        """Report a comment. Raises ApiError 404, and 409 where the viewer has an open report on it."""
        await work.writing()
        comment = await self._comments.readable(work, slug, comment_id, viewer)
        return await self._add(work, "comment", comment.id, comment.author_id, comment.body, new, viewer)

    async def page(self, work: UnitOfWork, query: ReportQuery) -> dict[str, Any]:
        """One page of the queue."""
        rows = await self._repository.page(await work.reading(), query.status, query.after, query.limit + 1)
        page = rows[: query.limit]
        following = page[-1].id if len(rows) > query.limit else None
        return {"reports": [report_shown(row) for row in page], "next": following}

    async def one(self, work: UnitOfWork, report_id: int) -> dict[str, Any]:
        """A report with what it is about. Raises ApiError 404."""
        report = await self._found(work, report_id)
        subject = await self._repository.subject(await work.reading(), report)
        return report_shown(report) | {"object": object_shown(subject)}

    async def decide(self, work: UnitOfWork, report_id: int, decision: Decision, moderator: UserRow) -> dict[str, Any]:
        """Close a report. Raises ApiError 403, 404, and 409 where it is closed or nothing is left to remove."""
        connection = await work.writing()
        report = await self._found(work, report_id)
        self._functions.require_impartial(moderator.id, report.author_id)
        if report.status != "open":
            raise closed()
        actor = Actor(moderator.id, moderator.username)
        values = {
            "verdict": STATUS[decision.verdict],
            "remark": decision.note,
            "moderator": moderator.id,
            "now": now_ms(),
        }
        if decision.verdict == "remove":
            await self._remove(work, report, values, actor)
        elif not await self._repository.close(connection, report, values):
            raise closed()
        told = {"verdict": values["verdict"], "about": report.subject, "note": decision.note}
        await self._audit.record(work, actor, "report.resolved", f"report:{report.id}", told)
        return await self.one(work, report.id)

    async def _remove(self, work: UnitOfWork, report: ReportRow, values: Mapping[str, Any], actor: Actor) -> None:
        # The object first, then its reports: two moderators who remove the same thing never wait in a circle.
        connection = await work.writing()
        subject = await self._repository.lock_subject(connection, report)
        if subject is None:
            raise ApiError(409, {report.kind: ["is gone"]})
        await self._delete(work, report, subject)
        if report.id not in await self._repository.close_all(connection, report, values):
            raise closed()
        told = {"slug": subject.slug, "author": f"user:{report.author_id}", "report": report.id}
        await self._audit.record(work, actor, REMOVED[report.kind], report.subject, told)

    async def _delete(self, work: UnitOfWork, report: ReportRow, subject: ObjectRow) -> None:
        if report.kind == "article":
            await self._articles.remove(work, subject.slug)
        else:
            await self._comments.remove(work, subject.slug, subject.id)

    async def _add(
        self, work: UnitOfWork, kind: Kind, object_id: int, author: int, seen: str, new: NewReport, viewer: int
    ) -> dict[str, Any]:
        values = {
            "kind": kind,
            "object": object_id,
            "author": author,
            "reporter": viewer,
            "reason": new.reason,
            "excerpt": seen if len(seen) <= EXCERPT else f"{seen[: EXCERPT - 1]}…",
            "now": now_ms(),
        }
        report = await self._repository.add(await work.writing(), values)
        if report is None:
            raise ApiError(409, {"report": ["is open already"]})
        return {"id": report, "kind": kind, "reason": new.reason, "status": "open"}

    async def _found(self, work: UnitOfWork, report_id: int) -> ReportRow:
        report = await self._repository.one(await work.reading(), report_id)
        if report is None:
            raise not_found("report")
        return report


def closed() -> ApiError:
    """Another moderator was faster."""
    return ApiError(409, {"report": ["is closed"]})
