"""What the Locust command line adds to Locust's own options, and the site that it describes."""

from __future__ import annotations

import tomllib
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from locust.argument_parser import LocustArgumentParser

from loadtests.accounts import Account, LogIn, Part, Templates
from loadtests.arrivals import KINDS
from loadtests.gate import Gate, gate_for
from security.guard import Authorization, Pinned, Refused, allow

DEFAULTS = Templates()
ROLES: tuple[Part, ...] = ("moderator", "admin")
PROCESSES = "load_processes"  # set by the master when a run begins: how many processes send


@dataclass(frozen=True, slots=True)
class Site:
    """The target of a run and the accounts there; names are resolved once, when it is made."""

    place: Pinned
    templates: Templates
    accounts: int
    log_in: LogIn
    timeout_s: float
    gate: Gate | None
    roles: Mapping[Part, Account] = field(default_factory=dict)

    def account(self, user: int) -> Account:
        """The account of the user-th virtual user, counted from 0, with a source address of the user's own.

        Users beyond the accounts share them in turn.
        """
        source = f"127.77.{1 + user // 250 % 250}.{1 + user % 250}"
        return replace(self.templates.account(user % self.accounts + 1), source=source)

    def cast(self, user: int) -> dict[Part, Account]:
        """Who takes part in the journeys of the user-th virtual user."""
        return {"user": self.account(user), "partner": self.account(user + 1), **self.roles}

    @property
    def bystander(self) -> str:
        """The name of an account that no virtual user logs in to."""
        return self.templates.account(self.accounts + 1).username


def add_options(parser: LocustArgumentParser) -> None:
    """Declare the options; each can also be set by its environment variable."""

    def option(name: str, **details: Any) -> None:
        variable = "LOADTESTS_" + name.removeprefix("--").replace("-", "_").upper()
        parser.add_argument(name, env_var=variable, **details)

    option(
        "--open-rate",
        type=float,
        default=0.0,
        metavar="N",
        help="Open loop: send N arrivals a second over the mix, whatever the target does. 0: closed-loop users.",
    )
    option("--open-arrivals", choices=sorted(KINDS), default="paced", help="How open-loop arrivals are spaced.")
    option(
        "--open-limit",
        type=int,
        default=2000,
        metavar="N",
        help="Open loop: at most N arrivals under way in each process; those beyond are dropped and counted.",
    )
    option("--seed", type=int, default=1, help="Seed of all choices and of the schedule.")
    option("--think-time", type=float, default=1.0, metavar="S", help="Closed loop: seconds between two journeys.")
    option("--request-timeout", type=float, default=10.0, metavar="S", help="Seconds after which a request has failed.")
    option("--accounts", type=int, default=8, metavar="N", help="How many accounts there are to log in with.")
    option(
        "--account-email", default=DEFAULTS.email, help="Template of the accounts' e-mail; {n} is the number, from 1."
    )
    option("--account-username", default=DEFAULTS.username, help="Template of the accounts' user name.")
    option("--account-password", default=DEFAULTS.password, is_secret=True, help="Template of the accounts' password.")
    for role in ROLES:
        option(
            f"--{role}-email", default=f"{role}0001@example.test", help=f"E-mail of the {role}, if a journey has one."
        )
        option(f"--{role}-password", default="correct-horse-0001", is_secret=True, help=f"Password of the {role}.")
    option(
        "--authorized",
        default="",
        metavar="TARGET_TOML",
        include_in_web_ui=False,
        help="A target.toml whose [authorized] table allows traffic to a host that is not loopback.",
    )
    option("--histograms", default="", metavar="FILE", include_in_web_ui=False,
           help="Write the exact latencies by step to FILE, as JSON of encoded HdrHistograms.")  # fmt: skip


def site(host: str | None, options: Namespace) -> Site:
    """The site that `--host` and the options describe; raises Refused with one sentence."""
    if not host:
        raise Refused("There is no target: give its URL with --host.")
    try:
        authorization = _authorization(options.authorized)
        place = allow(host, authorization)
        gate = gate_for(place, authorization, share=getattr(options, PROCESSES, 1))
        templates = Templates(options.account_email, options.account_password, options.account_username, source=None)
        roles = {role: _account(role, options) for role in ROLES}
        made = Site(place, templates, options.accounts, LogIn(), options.request_timeout, gate, roles)
        _check(made, options)
    except Refused:
        raise
    except ValueError as error:
        raise Refused(f"The options are unusable: {error}.") from error
    return made


def _account(role: Part, options: Namespace) -> Account:
    email, password = (getattr(options, f"{role}_{part}") for part in ("email", "password"))
    return Account(email, password, username=email)


def _check(made: Site, options: Namespace) -> None:
    if made.accounts < 1 or made.timeout_s <= 0 or options.think_time < 0 or options.open_limit < 1:
        raise ValueError("--accounts, --request-timeout and --open-limit must be above 0, --think-time not below")
    if not 0 <= options.open_rate < float("inf"):
        raise ValueError("--open-rate must be 0 or more")
    made.account(made.accounts - 1)  # the last one shows whether the templates reach that far


def _authorization(path: str) -> Authorization | None:
    if not path:
        return None
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8")).get("authorized", {})
        until = table.get("until")
        return Authorization(
            hosts=tuple(str(host) for host in table.get("hosts", [])),
            until=date.fromisoformat(until) if isinstance(until, str) else until,
            by=table.get("by"),
            max_rate=table.get("max_rate"),
        )
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise Refused(f"The authorisation in {path} cannot be read: {error}.") from error
