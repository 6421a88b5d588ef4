"""What the probes know of a target: a URL, templates of its seeded accounts, how to log in, and the lab's commands."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

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


class RunCommand(Protocol):
    """Runs a command and gives back its exit code and text; raises OSError or subprocess.TimeoutExpired."""

    def __call__(self, command: Sequence[str], /, *, timeout: float) -> subprocess.CompletedProcess[str]:
        """Run it for `timeout` seconds at most."""


def run_here(
    command: Sequence[str],
    /,
    *,
    timeout: float,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command, in our folder and environment where no others are named."""
    return subprocess.run(
        list(command),
        cwd=folder,
        env=None if environment is None else dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@dataclass(frozen=True)
class LabCommands:
    """Commands on the target's own machine, as lists of words with the places `{username}` and `{kind}`.

    `mint_token` may have the place `{claims}`, a JSON object of claims in place of the usual ones; `kill` ends one of
    the target's processes, which the target replaces; `resolve`, with `{name}`, `{address}` and `{connect}`, lets a
    name of the target's outbound calls stand for one address and lead to another, on loopback; `sign_webhook`, with
    `{order}` and `{events}`, a JSON list of types and ages, signs events of the payment provider.

    None means that the target offers no such command: probes that need it answer could_not_run. `run` runs a command
    to its end, as subprocess.run does.
    """

    mint_token: Sequence[str] | None = None
    read_db: Sequence[str] | None = None
    fault: Sequence[str] | None = None
    resolve: Sequence[str] | None = None
    sign_webhook: Sequence[str] | None = None
    kill: Sequence[str] | None = None
    run: RunCommand = run_here


@dataclass(frozen=True)
class ProbeTarget:
    """A target to attack. `api` is the prefix of the Conduit routes, `workers` how many processes serve them.

    `services` are the URLs at which the target was told that other servers are, such as its payment `provider`.
    `load` is the share of its capacity, in per cent, that others are known to use meanwhile.
    `admin` is an account that may read the audit log, for the probes that ask what stands in it. `ca_file`
    names the certificates that a target with TLS is trusted by; None: the system's.
    """

    base_url: str
    accounts: Accounts
    login: Login
    lab: LabCommands = field(default_factory=LabCommands)
    workers: int = 1
    services: Mapping[str, str] = field(default_factory=dict)
    load: int = 0
    authorization: Authorization | None = None
    admin: Account | None = None
    ca_file: str | None = None
    api: str = "/api"
    timeout_s: float = 10.0
