"""What the journeys add to Locust's command line, and the site that it describes."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from locust.argument_parser import LocustArgumentParser

from loadtests.accounts import Account, LogIn, Part, Templates
from loadtests.authority import permitted
from loadtests.engine import option_of
from loadtests.gate import Gate, gate_for
from security.guard import Pinned, Refused

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
    """Declare them."""
    option = option_of(parser)
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


def site(host: str | None, options: Namespace) -> Site:
    """The site that `--host` and the options describe; raises Refused with one sentence."""
    try:
        place, authorization = permitted(host, options)
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
    if made.accounts < 1 or made.timeout_s <= 0 or options.think_time < 0:
        raise ValueError("--accounts and --request-timeout must be above 0, --think-time not below")
    made.account(made.accounts - 1)  # the last one shows whether the templates reach that far
