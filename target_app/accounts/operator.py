"""Roles as whoever may run commands on the server gives them: nobody else can make the first admin, or unmake one."""

from typing import Any

from target_app.accounts.repository import AccountRepository
from target_app.accounts.service import AccountService
from target_app.command import run
from target_app.controls.audit_log import AUDIT_LOG
from target_app.controls.function_authz import Roles
from target_app.controls.model import Kit
from target_app.controls.page_session import Stored
from target_app.events import Events
from target_app.operator_error import OperatorError
from target_app.pages.repository import PageSessionRepository
from target_app.settings import Settings
from target_app.treatment import parse_treatment
from target_app.unit_of_work import UnitOfWork
from target_app.users.roles import ROLES, Role
from target_app.web.errors import ApiError


class AppointmentError(OperatorError):
    """Nobody can be given this role."""


def set_role(settings: Settings, username: str, role: str) -> dict[str, Any]:
    """Give a role; the account afterwards. Raises AppointmentError, DatabaseUnavailableError."""
    wanted = next((one for one in ROLES if one == role), None)
    if wanted is None:
        raise AppointmentError(f"there is no role {role!r}; there are {', '.join(ROLES)}")
    given: Role = wanted

    async def appoint(kit: Kit, work: UnitOfWork) -> dict[str, Any]:
        audit = AUDIT_LOG.build(parse_treatment(settings.treatment), kit)
        sessions = Stored(kit, PageSessionRepository())
        accounts = AccountService(AccountRepository(), Roles(kit), sessions, Events(), audit)
        return await accounts.appoint(work, username, given)

    try:
        return run(settings, appoint)
    except ApiError:
        raise AppointmentError(f"there is no user {username!r}") from None
