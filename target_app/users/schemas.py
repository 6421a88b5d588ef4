"""Bodies of requests and answers about users."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from target_app.web.reading import Filled, FilledShort, Text

LONGEST_PASSWORD = 1024

Password = Annotated[Filled, Field(max_length=LONGEST_PASSWORD)]
SHORTEST_PASSWORD = 8


def long_enough(password: str) -> str:
    """A new password of `SHORTEST_PASSWORD` characters at least; a blank one is refused as blank before."""
    if len(password) < SHORTEST_PASSWORD:
        raise PydanticCustomError("string_too_short", "is too short")
    return password


NewPassword = Annotated[
    Password, AfterValidator(long_enough), Field(json_schema_extra={"minLength": SHORTEST_PASSWORD})
]


class LogIn(BaseModel):
    """E-mail address and password."""

    email: FilledShort
    password: Password


class LogInBody(BaseModel):
    """The body of a log-in."""

    user: LogIn


class NewUser(BaseModel):
    """A registration."""

    username: FilledShort
    email: FilledShort
    password: NewPassword


class NewUserBody(BaseModel):
    """The body of a registration."""

    user: NewUser


class UserUpdate(BaseModel):
    """What to change; a field that is left out stays as it is."""

    username: FilledShort = ""
    email: FilledShort = ""
    password: NewPassword = ""
    bio: Text | None = None
    image: Text | None = None


class UserUpdateBody(BaseModel):
    """The body of a change."""

    user: UserUpdate


def closed(schema: dict[str, Any]) -> None:
    """A model that may hold more is documented like any other."""
    schema.pop("additionalProperties", None)


class PersonShown(BaseModel):
    """What answers say of a user. Whether more than is declared may stand there, the control response_fields says."""

    model_config = ConfigDict(extra="allow", json_schema_extra=closed)


class UserShown(PersonShown):
    """The signed-in user, with a token."""

    username: str
    email: str
    bio: str | None
    image: str | None
    token: str


class UserAnswer(BaseModel):
    """An answer with the signed-in user."""

    user: UserShown


class ProfileShown(PersonShown):
    """A user as others see him or her."""

    username: str
    bio: str | None
    image: str | None
    following: bool


class ProfileAnswer(BaseModel):
    """An answer with a profile."""

    profile: ProfileShown
