"""The guard on Locust's command line: which hosts may be loaded."""

from __future__ import annotations

import tomllib
from argparse import Namespace
from datetime import date
from pathlib import Path

from locust.argument_parser import LocustArgumentParser

from loadtests.engine import option_of
from security.guard import Authorization, Pinned, Refused, allow


def add_authority_option(parser: LocustArgumentParser) -> None:
    """Declare it."""
    option_of(parser)(
        "--authorized",
        default="",
        metavar="TARGET_TOML",
        include_in_web_ui=False,
        help="A target.toml whose [authorized] table allows traffic to a host that is not loopback.",
    )


def permitted(host: str | None, options: Namespace) -> tuple[Pinned, Authorization | None]:
    """The place of a host, resolved once, and on whose word; raises Refused with one sentence."""
    if not host:
        raise Refused("There is no target: give its URL with --host.")
    authorization = _authorization(options.authorized)
    return allow(host, authorization), authorization


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
