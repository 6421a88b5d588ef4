from target_app.audit.rows import AuditRow, Verdict
from target_app.audit.schemas import AuditQuery
from target_app.controls.audit_log import AuditLog
from target_app.unit_of_work import UnitOfWork


class AuditService:
    """Reading the audit log; each domain writes its own acts."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    async def page(self, work: UnitOfWork, query: AuditQuery) -> tuple[list[AuditRow], int | None]:
        """Some rows, the newest first, and the `before` of the next page."""
        rows = await self._log.page(work, query.before, query.limit + 1)
        page = rows[: query.limit]
        return page, page[-1].number if len(rows) > query.limit else None

    async def verify(self, work: UnitOfWork) -> Verdict:
        """Walk the whole log."""
        return await self._log.verify(work)
