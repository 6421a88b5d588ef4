"""What a factor and its levels declare about themselves, and what a level may build from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from target_app.database import Database
from target_app.metrics import Metrics
from target_app.redis_client import RedisClient
from target_app.settings import Settings
from target_app.signing_keys import SigningKeys

Part = TypeVar("Part")
Tag = Literal["weak", "strong", "depth", "trap", "plain"]


@dataclass(frozen=True)
class Kit:
    """What every level can build from."""

    settings: Settings
    database: Database
    metrics: Metrics
    keys: SigningKeys
    #: None where shared state is kept in the database.
    redis: RedisClient | None = None


@dataclass(frozen=True)
class StaticFinding:
    """A result that the scanners are expected to give for a weak level, in one function or class of the file."""

    rule: str
    path: str
    #: Its dotted name, such as `Unverified.user_id`; empty for the whole file.
    symbol: str = ""

    def described(self) -> dict[str, str]:
        """The result as `describe` prints it."""
        return {"rule": self.rule, "path": self.path} | ({"symbol": self.symbol} if self.symbol else {})


@dataclass(frozen=True)
class Level(Generic[Part]):
    """One setting of a factor: how to build its part of the app, and what is known of it beforehand."""

    name: str
    tag: Tag
    summary: str
    build: Callable[[Kit], Part]
    #: The probes that succeed on `hardened,factor=level`, and no others.
    trips: tuple[str, ...] = ()
    workers: int = 1
    #: Rows of the contract's table of cases that this level must break.
    contract_exceptions: tuple[str, ...] = ()
    static_findings: tuple[StaticFinding, ...] = ()
    #: Whether its answers differ from the reference's though it works as meant.
    bytes_differ: bool = False

    def described(self) -> dict[str, Any]:
        """The level as `describe` prints it."""
        return {
            "name": self.name,
            "tag": self.tag,
            "summary": self.summary,
            "trips": list(self.trips),
            "requires": {"workers": self.workers},
            "contract_exceptions": list(self.contract_exceptions),
            "static_findings": [found.described() for found in self.static_findings],
            "bytes_differ": self.bytes_differ,
        }


@dataclass(frozen=True)
class Factor(Generic[Part]):
    """A control or an optimisation. Controls list their levels weak to strong; optimisations from off to the trap."""

    name: str
    kind: Literal["control", "optimisation"]
    threat: str
    owasp: tuple[str, ...]
    asvs: tuple[str, ...]
    cwe: tuple[str, ...]
    cost_hypothesis: str
    #: The first is the journey on which the price is quoted.
    journeys: tuple[str, ...]
    levels: tuple[Level[Part], ...] = field(repr=False)

    def level(self, name: str) -> Level[Part]:
        """The level of that name; KeyError where there is none."""
        return {level.name: level for level in self.levels}[name]

    def build(self, treatment: Mapping[str, str], kit: Kit) -> Part:
        """The part of the app that the treatment's level of this factor gives."""
        return self.level(treatment[self.name]).build(kit)

    def described(self) -> dict[str, Any]:
        """The factor as `describe` prints it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "threat": self.threat,
            "ids": {"owasp": list(self.owasp), "asvs": list(self.asvs), "cwe": list(self.cwe)},
            "cost_hypothesis": self.cost_hypothesis,
            "journeys": list(self.journeys),
            "levels": [level.described() for level in self.levels],
        }
