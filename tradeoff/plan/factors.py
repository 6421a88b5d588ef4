"""Factors and their levels, as a target describes them."""

from __future__ import annotations

import difflib
import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from tradeoff.target.commands import fill, run_command
from tradeoff.target.description import Target
from tradeoff.target.errors import TradeoffError

BAD_TAGS = frozenset({"weak", "trap"})


class Described(BaseModel):
    """A part of what `describe` prints; further keys are allowed."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Requires(Described):
    """What a level needs before its probes can tell (2 workers, say)."""

    workers: int = 1


class StaticFinding(Described):
    """A scanner result that a level is known to cause."""

    rule: str
    path: str
    symbol: str = ""
    """The function or class that it stands in; empty for the whole file."""


class Level(Described):
    """One level of a factor. `trips` is the exact set of probes that succeed on `hardened,factor=level`."""

    name: str
    tag: Literal["weak", "strong", "depth", "trap", "plain"]
    summary: str = ""
    trips: tuple[str, ...] = ()
    requires: Requires = Requires()
    contract_exceptions: tuple[str, ...] = ()
    static_findings: tuple[StaticFinding, ...] = ()
    bytes_differ: bool = False

    @property
    def bad(self) -> bool:
        """Whether it is dangerous on purpose: a weak level or a trap."""
        return self.tag in BAD_TAGS


class Ids(Described):
    """Identifiers of the weakness in the field's catalogues."""

    owasp: tuple[str, ...] = ()
    asvs: tuple[str, ...] = ()
    cwe: tuple[str, ...] = ()


class Factor(Described):
    """A control or an optimisation with its levels (a control's stand weak to strong)."""

    name: str
    kind: Literal["control", "optimisation"]
    threat: str = ""
    ids: Ids = Ids()
    cost_hypothesis: str = ""
    journeys: tuple[str, ...]
    levels: tuple[Level, ...]

    @property
    def scored(self) -> bool:
        """Whether its levels have a score (`probe --waf`), not a verdict: no probe can say which is weak."""
        return all(level.tag == "depth" for level in self.levels)

    @property
    def apart(self) -> bool:
        """Whether it is a control with a level that is neither weak nor strong, at which the profiles leave it.

        Such a factor has blocks of its own: at any other level it changes how the load itself comes.
        """
        return self.kind == "control" and any(level.tag == "plain" for level in self.levels)

    def level(self, name: str) -> Level:
        """The level of that name.

        Raises:
            TradeoffError: there is none; the message names the nearest.
        """
        for level in self.levels:
            if level.name == name:
                return level
        known = [level.name for level in self.levels]
        raise TradeoffError(f"{self.name} has no level {name!r}{nearest(name, known)}; it has {', '.join(known)}")


class Catalog(Described):
    """All factors and profiles of a target."""

    name: str
    factors: tuple[Factor, ...]
    profiles: dict[str, dict[str, str]]

    def factor(self, name: str) -> Factor:
        """The factor of that name.

        Raises:
            TradeoffError: there is none; the message names the nearest.
        """
        for factor in self.factors:
            if factor.name == name:
                return factor
        known = [factor.name for factor in self.factors]
        raise TradeoffError(f"there is no factor {name!r}{nearest(name, known)}; `tradeoff list` shows them all")

    def profile(self, name: str) -> dict[str, str]:
        """The named treatment: a level for every factor.

        Raises:
            TradeoffError: there is none; the message names the nearest.
        """
        if name not in self.profiles:
            known = list(self.profiles)
            raise TradeoffError(f"there is no profile {name!r}{nearest(name, known)}; it is one of {', '.join(known)}")
        return dict(self.profiles[name])


def nearest(name: str, known: list[str]) -> str:
    """A hint (", did you mean …") where a known name is close."""
    close = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def describe(target: Target) -> Catalog:
    """Ask the target for its factors.

    Raises:
        TradeoffError: the command fails or prints something else.
    """
    words = fill(target.factors, {})
    printed = run_command(words, cwd=target.root, extra={}, what="the target's factors command")
    try:
        return Catalog.model_validate(json.loads(printed))
    except (json.JSONDecodeError, ValidationError) as error:
        raise TradeoffError(f"the target's factors command printed no valid description: {error}") from None
