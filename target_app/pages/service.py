from target_app.controls.audit_log import Actor, AuditLog
from target_app.controls.function_authz import FunctionAuthz
from target_app.controls.page_session import PageSessions
from target_app.unit_of_work import UnitOfWork
from target_app.users.repository import UserRow
from target_app.users.schemas import LogIn
from target_app.users.service import UserService


class SignInService:
    """Sessions of staff: the same passwords and the same throttle as for the API."""

    def __init__(self, users: UserService, functions: FunctionAuthz, sessions: PageSessions, audit: AuditLog) -> None:
        self._users = users
        self._functions = functions
        self._sessions = sessions
        self._audit = audit

    async def sign_in(self, work: UnitOfWork, claimed: LogIn, address: str, before: str) -> str:
        """The value of a new session, instead of the one before. Raises ApiError 401, 403, 429."""
        user = await self._users.identified(work, claimed, address)
        self._functions.require(user, "moderator")
        await self._sessions.close(work, before)
        value = await self._sessions.open(work, user.id)
        await self._audit.record(work, Actor(user.id, user.username), "session.opened", f"user:{user.id}", {})
        return value

    async def sign_out(self, work: UnitOfWork, user: UserRow, value: str) -> None:
        """End a session."""
        await self._sessions.close(work, value)
        await self._audit.record(work, Actor(user.id, user.username), "session.closed", f"user:{user.id}", {})
