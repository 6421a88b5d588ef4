"""What the probes know of a target: a URL, templates of its seeded accounts, how to log in, and the lab's commands."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from security.guard import Authorization


@dataclass(frozen=True)
class Account:
    """One seeded account."""

    username: str
    email: str
    password: str


@dataclass(frozen=True)
class Accounts:
    """Templates of the seeded accounts; `{n}` is a number from 1 to `count`, and the first `reserved` carry load."""

    username: str
    email: str
    password: str
    count: int
    reserved: int = 16

    def number(self, n: int) -> Account:
        """The account with this number, from 1."""
        return Account(self.username.format(n=n), self.email.format(n=n), self.password.format(n=n))


@dataclass(frozen=True)
class Login:
    """The log-in request, and where the credential stands in its answer and in later requests."""

    path: str
    body: Mapping[str, object]
    token_at: Sequence[str]
    method: str = "POST"
    header: str = "Authorization"
    scheme: str = "Token"


@dataclass(frozen=True)
class LabCommands:
    """Commands on the target's own machine, as lists of words with the places `{username}` and `{kind}`.

    `kill` ends one of the target's processes, which the target replaces; `resolve`, with `{name}`, `{address}` and
    `{connect}`, lets a name of the target's outbound calls stand for one address and lead to another, on loopback.

    None means that the target offers no such command: probes that need it answer could_not_run. `environment` is the
    whole environment of these processes and `folder` where they run.
    """

    mint_token: Sequence[str] | None = None
    read_db: Sequence[str] | None = None
    fault: Sequence[str] | None = None
    resolve: Sequence[str] | None = None
    kill: Sequence[str] | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    folder: Path | None = None


@dataclass(frozen=True)
class ProbeTarget:
    """A target to attack. `api` is the prefix of the Conduit routes, `workers` how many processes serve them."""

    base_url: str
    accounts: Accounts
    login: Login
    lab: LabCommands = field(default_factory=LabCommands)
    workers: int = 1
    authorization: Authorization | None = None
    api: str = "/api"
    timeout_s: float = 10.0
