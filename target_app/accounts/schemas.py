"""Bodies, query strings and answers about accounts, for staff."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from target_app.moderation.schemas import Reason
from target_app.users.roles import Role
from target_app.web.reading import NO_NUL, Limit

#: As long as a name can be.
NamePart = Annotated[str, Field(pattern=NO_NUL, max_length=255)]
Show = Literal["all", "staff", "suspended"]


class AccountQuery(BaseModel):
    """Which accounts, by name."""

    name: Annotated[NamePart, Field(description="what the name begins with")] = ""
    show: Show = "all"
    limit: Limit = 20
    after: Annotated[NamePart, Field(description="`next` of the page before")] = ""


class Suspension(BaseModel):
    """Why an account is suspended."""

    reason: Reason


class SuspensionBody(BaseModel):
    """The body of a suspension."""

    suspension: Suspension


class Appointment(BaseModel):
    """A role to give."""

    role: Role


class AppointmentBody(BaseModel):
    """The body of a change of role."""

    user: Appointment


class AccountShown(BaseModel):
    """An account; `suspendedAt` is null for one in use."""

    id: int
    username: str
    role: Role
    suspendedAt: str | None  # noqa: N815  # the style of the contract's names
    createdAt: str  # noqa: N815  # the style of the contract's names


class AccountAnswer(BaseModel):
    """An answer with one account."""

    user: AccountShown


class AccountsAnswer(BaseModel):
    """An answer with one page of accounts; `next` is null on the last one."""

    users: list[AccountShown]
    next: str | None
