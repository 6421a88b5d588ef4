from typing import Any

from target_app.accounts.repository import AccountRepository
from target_app.accounts.rows import AccountRow, account_shown
from target_app.accounts.schemas import AccountQuery, Suspension
from target_app.controls.audit_log import OPERATOR, Actor, AuditLog
from target_app.controls.function_authz import FunctionAuthz
from target_app.controls.page_session import PageSessions
from target_app.events import Change, Events
from target_app.schema import now_ms
from target_app.unit_of_work import UnitOfWork
from target_app.users.repository import UserRow
from target_app.users.roles import Role
from target_app.web.errors import not_found


class AccountService:
    """Accounts as staff sees and changes them. What is so already is not changed, and not written into the audit log.

    Every change raises ApiError 404, and 403 where the account's role is not below that of who changes it.
    """

    def __init__(
        self,
        repository: AccountRepository,
        functions: FunctionAuthz,
        sessions: PageSessions,
        events: Events,
        audit: AuditLog,
    ) -> None:
        self._repository = repository
        self._functions = functions
        self._sessions = sessions
        self._events = events
        self._audit = audit

    async def page(self, work: UnitOfWork, query: AccountQuery) -> dict[str, Any]:
        """One page of accounts, by name."""
        rows = await self._repository.page(await work.reading(), query.show, query.name, query.after, query.limit + 1)
        page = rows[: query.limit]
        following = page[-1].username if len(rows) > query.limit else None
        return {"users": [account_shown(row) for row in page], "next": following}

    async def one(self, work: UnitOfWork, user_id: int) -> dict[str, Any]:
        """An account. Raises ApiError 404."""
        return account_shown(found(await self._repository.one(await work.reading(), user_id)))

    async def suspend(
        self, work: UnitOfWork, user_id: int, suspension: Suspension, moderator: UserRow
    ) -> dict[str, Any]:
        """Suspend an account: nothing is served to its user from the next request on, and open streams end."""
        account = await self._below(work, user_id, moderator)
        if account.suspended_at is None:
            now = now_ms()
            await self._repository.suspend(await work.writing(), account.id, now)
            await self._sessions.end_all(work, account.id)
            self._events.changed(work, Change("disconnect", account.id))
            told = {"username": account.username, "reason": suspension.reason}
            await self._audit.record(work, actor(moderator), "account.suspended", f"user:{account.id}", told)
            account = account._replace(suspended_at=now)
        return account_shown(account)

    async def reinstate(self, work: UnitOfWork, user_id: int, moderator: UserRow) -> dict[str, Any]:
        """Let the user of a suspended account in again."""
        account = await self._below(work, user_id, moderator)
        if account.suspended_at is not None:
            await self._repository.suspend(await work.writing(), account.id, None)
            told = {"username": account.username}
            await self._audit.record(work, actor(moderator), "account.reinstated", f"user:{account.id}", told)
            account = account._replace(suspended_at=None)
        return account_shown(account)

    async def set_role(self, work: UnitOfWork, user_id: int, role: Role, admin: UserRow) -> dict[str, Any]:
        """Give a role to somebody who is no admin."""
        account = await self._below(work, user_id, admin)
        return await self._appoint(work, account, role, actor(admin))

    async def appoint(self, work: UnitOfWork, username: str, role: Role) -> dict[str, Any]:
        """Give a role to anybody, as whoever may run commands on the server. Raises ApiError 404."""
        user_id = await self._repository.id_of(await work.writing(), username)
        if user_id is None:
            raise not_found("user")
        return await self._appoint(work, await self._locked(work, user_id), role, OPERATOR)

    async def _appoint(self, work: UnitOfWork, account: AccountRow, role: Role, by: Actor) -> dict[str, Any]:
        if account.role != role:
            await self._repository.appoint(await work.writing(), account.id, role)
            await self._sessions.end_all(work, account.id)
            told = {"username": account.username, "from": account.role, "to": role}
            await self._audit.record(work, by, "role.changed", f"user:{account.id}", told)
        return account_shown(account._replace(role=role))

    async def _below(self, work: UnitOfWork, user_id: int, by: UserRow) -> AccountRow:
        account = await self._locked(work, user_id)
        self._functions.require_above(by, account.role)
        return account

    async def _locked(self, work: UnitOfWork, user_id: int) -> AccountRow:
        return found(await self._repository.lock(await work.writing(), user_id))


def found(account: AccountRow | None) -> AccountRow:
    """The account. Raises ApiError 404 where there is none."""
    if account is None:
        raise not_found("user")
    return account


def actor(user: UserRow) -> Actor:
    """Who acts, for the audit log."""
    return Actor(user.id, user.username)
