"""What stands before the whole application and refuses requests that look like attacks."""

from typing import Protocol

from starlette.types import ASGIApp

from target_app.controls.model import Factor, Kit, Level


class Waf(Protocol):
    """Puts the WAF, if there is one in this process, around the app."""

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The app with this level's WAF in front."""


class NoWaf:
    """Nothing in this process stands in front of the app."""

    def __init__(self, _kit: Kit) -> None:
        return None

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The app itself."""
        return app


WAF: Factor[Waf] = Factor(
    name="waf",
    kind="control",
    threat="An attack meets a hole that nobody knows of yet",
    owasp=("API8",),
    asvs=(),
    cwe=("1039",),
    cost_hypothesis="light: tens of µs; nginx: a hop; the OWASP rules: milliseconds, most for JSON bodies",
    journeys=("author", "anonymous_reader"),
    levels=(
        Level("off", "depth", "nothing stands in front", NoWaf),
        Level("proxy", "depth", "nginx in front, without rules: what the price of crs_* is compared with", NoWaf),
        Level("crs_pl1", "depth", "nginx, ModSecurity and the OWASP rules, paranoia level 1", NoWaf),
        Level("crs_pl2", "depth", "the same, paranoia level 2", NoWaf),
        Level("crs_pl3", "depth", "the same, paranoia level 3", NoWaf),
    ),
)
