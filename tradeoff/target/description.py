"""`target.toml`: all that is known of a backend, checked when it is read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tradeoff.target.errors import TradeoffError

SCHEMA_VERSION = 1
Scheme = Literal["http", "https"]

Command = Annotated[list[str], Field(min_length=1)]


class Section(BaseModel):
    """A table of target.toml: unknown keys are mistakes, and say so."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Ready(Section):
    """A path that answers 200 once the backend serves, and how long (seconds) that may take.

    `workers` names a gauge at `metrics` (Prometheus's text format) that counts the workers which serve: where several
    are started, the first that answers is not all of them.
    """

    path: str = "/health"
    timeout_s: float = Field(default=30.0, gt=0)
    workers: str = ""
    metrics: str = "/metrics"


class Database(Section):
    """How an arm's database is made: a template is migrated and seeded once, then copied for every start."""

    file: str = "app.db"
    url: str = "sqlite:///{work}/app.db"
    migrate: Command
    seed: Command
    articles: int = Field(default=1000, ge=0)
    template_factors: list[str] = []
    template_inputs: list[str] = []


class Login(Section):
    """The log-in request and where the credential stands in its answer."""

    method: str = "POST"
    path: str
    body: dict[str, object]
    token_at: list[str]
    header: str = "Authorization"
    scheme: str = "Token"


class Account(Section):
    """One seeded account."""

    username: str
    email: str
    password: str


class Accounts(Section):
    """Templates of the seeded accounts; `{n}` is the account's number, from 1. `roles` are those of staff, if any."""

    count: int = Field(ge=1)
    load: int = Field(ge=1)
    username: str
    email: str
    password: str
    roles: dict[Literal["moderator", "admin"], Account] = {}


class Load(Section):
    """The load process and the share of each journey in the mix, per request."""

    command: Command = ["{python}", "-m", "loadtests.process"]
    mix: dict[str, Annotated[float, Field(gt=0)]]


class Service(Section):
    """Another process that the backend needs beside it, such as a payment provider; each arm has its own.

    `ready` is a path that answers 200 once it serves. With `journeys`, a duet starts it only if its mix has one of
    them. Its URL is `{NAME_url}` in `environment`, and empty where it is not started. Arms that are attacked are told
    `attacked_at` instead, where probes may answer in its place.
    """

    start: Command
    ready: str = "/health"
    journeys: list[str] = []
    attacked_at: str = ""


class Front(Section):
    """A process that stands before the backend where the treatment's level of `factor` is one of `levels`.

    It takes the arm's place, and its CPU is the arm's. `{host}` and `{port}` are its own, `{upstream}` (host:port) is
    where the backend listens, `{source}` the address from which it is to speak to the backend, `{level}` the level.
    """

    factor: str
    levels: Annotated[list[str], Field(min_length=1)]
    start: Command


@dataclass(frozen=True)
class ChosenFront:
    """The front of one arm: the level that asks for it, and its command."""

    level: str
    start: Command


class Tls(Section):
    """Where the backend serves HTTPS: where the treatment's level of `factor` is one of `levels`.

    `{certificate}` is then the file in which it finds its certificate, or leaves one for clients to trust.
    """

    factor: str
    levels: Annotated[list[str], Field(min_length=1)]


class Waf(Section):
    """What `probe --waf` must know: a header (name and value) that refusals by a WAF carry, and nothing else does."""

    refusal: tuple[str, str]


class Lab(Section):
    """Commands that some probes need. A missing one makes those probes answer could_not_run."""

    mint_token: Command | None = None
    read_db: Command | None = None
    fault: Command | None = None
    resolve: Command | None = None
    sign_webhook: Command | None = None
    kill: Command | None = None


class Scan(Section):
    """What the static scanners read; all paths are relative to target.toml.

    `twins` are folders of cases on which the scanners are rated, `locks` requirements files that are audited against
    `advisories` (a file, folder or zip in OSV's format; without one, a selection that comes with the scanners).
    """

    paths: list[str] = []
    twins: list[str] = []
    locks: list[str] = []
    advisories: str | None = None


class Authorized(Section):
    """Leave of the target's owner to send traffic to hosts that are not loopback."""

    hosts: list[str] = []
    by: str | None = None
    until: date | None = None
    max_rate: float | None = Field(default=None, gt=0)


class Target(Section):
    """A backend as `tradeoff` knows it. `root` is the folder of target.toml: commands run there."""

    schema_version: Literal[1] = Field(alias="schema")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    factors: Command
    start: Command
    preload: list[str] = []
    environment: dict[str, str] = {}
    ready: Ready = Ready()
    database: Database
    login: Login
    accounts: Accounts
    load: Load
    services: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Service] = {}
    front: Front | None = None
    tls: Tls | None = None
    waf: Waf | None = None
    lab: Lab = Lab()
    scan: Scan = Scan()
    authorized: Authorized = Authorized()
    root: Path = Field(default=Path(), exclude=True)

    def services_for(self, journeys: Iterable[str]) -> dict[str, Service]:
        """The services that these journeys need."""
        asked = set(journeys)
        return {name: one for name, one in self.services.items() if not one.journeys or asked & set(one.journeys)}

    def front_for(self, treatment: Mapping[str, str]) -> ChosenFront | None:
        """The front that an arm of this treatment needs."""
        front = self.front
        if front is None or (level := treatment.get(front.factor)) not in front.levels:
            return None
        return ChosenFront(level, front.start)

    def scheme_for(self, treatment: Mapping[str, str]) -> Scheme:
        """How an arm of this treatment is spoken to. Raises TradeoffError for TLS behind a front, which speaks HTTP."""
        if self.tls is None or treatment.get(self.tls.factor) not in self.tls.levels:
            return "http"
        if self.front_for(treatment) is not None:
            raise TradeoffError(
                "a front that stands before a backend speaks plain HTTP with it: leave out one of the two"
            )
        return "https"


def read_target(path: Path) -> Target:
    """Read and check a target description.

    Raises:
        TradeoffError: the file is missing, is not TOML, or breaks the schema; the message names each place.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise TradeoffError(f"{path} does not exist: name a target description with --target") from None
    except (OSError, UnicodeDecodeError) as error:
        raise TradeoffError(f"{path} can't be read: {error}") from None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TradeoffError(f"{path} is not valid TOML: {error}") from None
    try:
        target = Target.model_validate(table)
    except ValidationError as error:
        raise TradeoffError(f"{path} is not a valid target description: {_places(error)}") from None
    return target.model_copy(update={"root": path.resolve().parent})


def _places(error: ValidationError) -> str:
    found = [f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg'].lower()}" for item in error.errors()]
    return "; ".join(found[:5]) + (f"; and {len(found) - 5} more" if len(found) > 5 else "")
