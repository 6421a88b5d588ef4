"""What the load process is told: the specification and the commands, checked, with one clear sentence for a mistake."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from loadtests.accounts import Account, Accounts, LogIn, Templates
from loadtests.journeys import JOURNEYS
from loadtests.sustained import Pressure
from security.guard import Authorization


class BadInput(ValueError):  # noqa: N818 - read as `except BadInput`
    """A line on standard input that cannot be used; the message is one sentence."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ArmSpec(_Part):
    """One arm, by the name that results carry and the URL it answers at.

    `ca_file` names the certificates that it is trusted by; it need not be there before the first command.
    """

    name: str = Field(min_length=1)
    url: str
    ca_file: str | None = None


class AccountSpec(_Part):
    """One account."""

    email: str
    password: str = Field(repr=False)
    username: str


class AccountsSpec(_Part):
    """How many virtual users there are, the templates of their accounts, and who has a role.

    The account after the last virtual user's is the bystander: journeys may name it, nobody logs in to it.
    """

    count: int = Field(ge=1, le=65_536)
    email: str
    password: str = Field(repr=False)
    username: str
    source: str | None = None
    roles: dict[Literal["moderator", "admin"], AccountSpec] = {}

    def all(self) -> Accounts:
        """The accounts, numbered from 1; raises BadInput if a template is broken."""
        templates = Templates(self.email, self.password, self.username, self.source)
        try:
            users = [templates.account(number) for number in range(1, self.count + 1)]
            bystander = replace(templates, source=None).account(self.count + 1).username
        except ValueError as error:
            raise BadInput(f"The specification's accounts are unusable: {error}.") from error
        return Accounts(
            users, {role: Account(one.email, one.password, one.username) for role, one in self.roles.items()}, bystander
        )


class LogInSpec(_Part):
    """The log-in request and the place of the credential."""

    method: str = "POST"
    path: str = Field(pattern=r"^/[\x21-\x7e]*$")
    json_: object = Field(alias="json")
    token_at: list[str | int]
    header: str = Field(default="Authorization", pattern=r"^[A-Za-z0-9-]+$")
    scheme: str = ""

    def log_in(self) -> LogIn:
        """The same as journeys use it."""
        return LogIn(self.method, self.path, self.json_, tuple(self.token_at), self.header, self.scheme)


class AuthorizedSpec(_Part):
    """Hosts beyond loopback that may be sent traffic, and until which day."""

    hosts: list[str] = []
    until: date | None = None
    by: str | None = None
    max_rate: float | None = None

    def authorization(self) -> Authorization:
        """The same as the guard reads it."""
        return Authorization(tuple(self.hosts), self.until, self.by, self.max_rate)


class Spec(_Part):
    """The first line."""

    schema_version: Literal[1] = Field(alias="schema")
    core: int | None = Field(default=None, ge=0)
    seed: int = 0
    timeout_s: float = Field(gt=0, le=600)
    arms: list[ArmSpec] = Field(min_length=1)
    accounts: AccountsSpec
    login: LogInSpec
    authorized: AuthorizedSpec = AuthorizedSpec()


class SignIn(_Part):
    """Give every account a session in every arm; tokens handed in are tried first."""

    command: Literal["sign_in"]
    sessions: dict[str, dict[str, str]] = Field(default={}, repr=False)


class Window(_Part):
    """Send `count` arrivals of one journey at `rate` a second to the arms named, or to every arm.

    `visits` settles what the visitors choose, `seed` all else; windows with the same `visits` ask for the same things.
    """

    command: Literal["window"]
    id: int
    journey: str
    rate: float = Field(gt=0, lt=float("inf"))
    count: int = Field(ge=1)
    seed: int
    visits: int = 0
    arrivals: Literal["paced", "poisson"] = "paced"
    arms: tuple[str, ...] = ()


class Load(_Part):
    """Send arrivals of a mix of journeys at `rate` a second, for `seconds` or until the next command comes.

    An arrival that finds `limit` visits under way is dropped.
    """

    command: Literal["load"]
    id: int
    mix: dict[str, Annotated[float, Field(gt=0)]] = Field(min_length=1)
    rate: float = Field(gt=0, lt=float("inf"))
    seconds: float | None = Field(default=None, gt=0)
    limit: int = Field(ge=1)
    seed: int

    def pressure(self, seed: int) -> Pressure:
        """The same as the load process takes it, with the seed of the whole process mixed in."""
        return Pressure(self.mix, self.rate, self.limit, (seed << 64) + self.seed, self.seconds)


class Stop(_Part):
    """End the process."""

    command: Literal["stop"]


Command = SignIn | Window | Load | Stop
_COMMAND: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="command")])


def read_spec(line: str) -> Spec:
    """The specification on a line, or raise BadInput."""
    try:
        spec = Spec.model_validate_json(line)
    except ValidationError as error:
        raise BadInput(f"The specification is unusable: {_sentence(error)}.") from error
    names = [arm.name for arm in spec.arms]
    if len(set(names)) < len(names):
        raise BadInput("The specification is unusable: two arms have the same name.")
    return spec


def read_command(line: str) -> Command:
    """The command on a line, or raise BadInput."""
    try:
        command = _COMMAND.validate_json(line)
    except ValidationError as error:
        raise BadInput(f"The command is unusable: {_sentence(error)}.") from error
    for journey in _journeys(command):
        if journey not in JOURNEYS:
            raise BadInput(f"There is no journey {journey!r}: choose one of {', '.join(JOURNEYS)}.")
    return command


def _journeys(command: Command) -> list[str]:
    if isinstance(command, Window):
        return [command.journey]
    return list(command.mix) if isinstance(command, Load) else []


def _sentence(error: ValidationError) -> str:
    places = []
    for one in error.errors(include_input=False, include_url=False, include_context=False):
        place = ".".join(map(str, one["loc"]))
        places.append(f"{place}: {one['msg']}" if place else one["msg"])
    return "; ".join(places).rstrip(".")
