"""An account as staff sees it."""

from typing import Any, NamedTuple

from target_app.users.roles import Role
from target_app.web.answers import moment


class AccountRow(NamedTuple):
    """An account, without what is its user's alone."""

    id: int
    username: str
    role: Role
    suspended_at: int | None
    created_at: int


def account_shown(row: AccountRow) -> dict[str, Any]:
    """An account, as moderators see it."""
    return {
        "id": row.id,
        "username": row.username,
        "role": row.role,
        "suspendedAt": moment(row.suspended_at),
        "createdAt": moment(row.created_at),
    }
