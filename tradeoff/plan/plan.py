"""Plans: which arms are priced in which blocks, which are attacked, and for how long."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tradeoff.plan.arm import ArmSpec, parse_arm
from tradeoff.plan.conditions import AttackUnder, Conditions
from tradeoff.plan.factors import Catalog, Factor, Level
from tradeoff.target.errors import TradeoffError

REFERENCE_PROFILE = "hardened"
REFERENCE = "reference"
TWIN = "twin"
LONGEST_BLOCK_S = 3600.0


Probes = Literal["all", "own"]


class Block(BaseModel):
    """Arms that serve the same load at the same time, with the reference and its twin, for `seconds` of wall time.

    Without `journeys`, the windows carry those of the mix. All blocks that are part of a `screening` are judged by one
    additive model, which prices each changed level instead of each arm. Where `walked_by` names a journey, no arms but
    those walk it, beside the reference and its twin.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    reference: ArmSpec
    arms: tuple[ArmSpec, ...]
    journeys: tuple[str, ...] = ()
    walked_by: dict[str, tuple[str, ...]] = {}
    screening: bool = False
    seconds: float = Field(gt=0, le=LONGEST_BLOCK_S)
    epochs: int = Field(ge=2)

    def arms_on(self, journey: str) -> list[str]:
        """Names of the arms that walk a journey."""
        everyone = list(self.named_arms())
        chosen = {REFERENCE, TWIN, *self.walked_by.get(journey, everyone)}
        return [name for name in everyone if name in chosen]

    def named_arms(self) -> dict[str, ArmSpec]:
        """A unique name for each arm: the reference, its twin, and the others by their label."""
        named: dict[str, ArmSpec] = {REFERENCE: self.reference, TWIN: self.reference}
        for arm in self.arms:
            name, number = arm.label, 2
            while name in named:
                name, number = f"{arm.label}#{number}", number + 1
            named[name] = arm
        return named


class Plan(BaseModel):
    """All that a run does."""

    model_config = ConfigDict(frozen=True)

    name: str
    blocks: tuple[Block, ...] = ()
    attacks: tuple[ArmSpec, ...] = ()
    #: Arms that are attacked under load and at scale as well.
    under: tuple[AttackUnder, ...] = ()
    #: Arms whose WAF is scored on attacks and benign requests.
    scores: tuple[ArmSpec, ...] = ()
    #: With `own`, an arm that differs from its profile meets the probes of the factors in which it does, and no others.
    probes: Probes = "all"
    scan: bool = False
    articles: int = Field(ge=0)


class BlockTable(BaseModel):
    """A block as a plan file writes it."""

    model_config = ConfigDict(extra="forbid")

    name: str
    reference: str = REFERENCE_PROFILE
    arms: list[str] = Field(min_length=1)
    journeys: list[str] = []
    screening: bool = False
    seconds: Annotated[float, Field(gt=0, le=LONGEST_BLOCK_S)] = 60.0
    epochs: int = Field(default=8, ge=2)


class AttackTable(BaseModel):
    """An attack under conditions as a plan file writes it, once for each load, number of workers and of articles.

    `load` is in per cent of the arm's capacity; `articles` are the target's own number where none are named.
    """

    model_config = ConfigDict(extra="forbid")

    arm: str
    load: list[int] = Field(default=[0], min_length=1)
    workers: list[int] = Field(default=[1], min_length=1)
    articles: list[int] = []
    probes: list[str] = []

    def attacks(self, catalog: Catalog, articles: int) -> list[AttackUnder]:
        """Every combination."""
        arm, probes = parse_arm(self.arm, catalog), tuple(self.probes)
        combined = itertools.product(self.load, self.workers, self.articles or [articles])
        return [
            AttackUnder(arm=arm, conditions=Conditions(load=load, workers=workers, articles=rows), probes=probes)
            for load, workers, rows in combined
        ]


class PlanTable(BaseModel):
    """A plan file: `[[blocks]]` to price, `attacks` to probe and with which `probes`, `scan` the code or not.

    `[[under]]` are arms to attack under load, with several workers and other amounts of data; `scores` those whose WAF
    is scored.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    blocks: list[BlockTable] = []
    attacks: list[str] = []
    under: list[AttackTable] = []
    scores: list[str] = []
    probes: Probes = "all"
    scan: bool = True


def weakest(factor: Factor) -> Level:
    """A control's weakest level, or an optimisation's trap: what the quick plan compares the reference with.

    A level that needs more workers than one is weak only there: the next one is taken.
    """
    bad = [level for level in factor.levels if level.bad and level.requires.workers == 1]
    if not bad:
        return factor.levels[0] if factor.kind == "control" else factor.levels[-1]
    return bad[0] if factor.kind == "control" else bad[-1]


def every_arm(catalog: Catalog) -> tuple[ArmSpec, ...]:
    """The profiles, and the reference changed in one factor to each of its other levels."""
    profiles = [parse_arm(name, catalog) for name in catalog.profiles]
    singles = [
        parse_arm(f"{REFERENCE_PROFILE},{factor.name}={level.name}", catalog)
        for factor in catalog.factors
        for level in factor.levels
        if catalog.profile(REFERENCE_PROFILE)[factor.name] != level.name
    ]
    return (*profiles, *singles)


def attacked_arms(catalog: Catalog) -> tuple[ArmSpec, ...]:
    """Every arm but those that change what is scored and not judged."""
    scored = {factor.name for factor in catalog.factors if factor.scored}
    return tuple(arm for arm in every_arm(catalog) if not scored & arm.changed.keys())


def scored_arms(catalog: Catalog) -> tuple[ArmSpec, ...]:
    """The arms that `attacked_arms` leaves out."""
    attacked = {arm.label for arm in attacked_arms(catalog)}
    return tuple(arm for arm in every_arm(catalog) if arm.label not in attacked)


def read_plan(path: Path, catalog: Catalog, *, articles: int) -> Plan:
    """Read a plan file (TOML).

    Raises:
        TradeoffError: it is missing or breaks the schema, or names an unknown arm.
    """
    try:
        table = PlanTable.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise TradeoffError(f"the plan {path} can't be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TradeoffError(f"the plan {path} is not valid TOML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "file"
        raise TradeoffError(f"the plan {path} is not valid: {place}: {first['msg'].lower()}") from None
    blocks = tuple(
        Block(
            name=block.name,
            reference=parse_arm(block.reference, catalog),
            arms=tuple(parse_arm(arm, catalog) for arm in block.arms),
            journeys=tuple(block.journeys),
            screening=block.screening,
            seconds=block.seconds,
            epochs=block.epochs,
        )
        for block in table.blocks
    )
    return Plan(
        name=table.name,
        blocks=blocks,
        attacks=tuple(parse_arm(arm, catalog) for arm in table.attacks),
        under=_under(table, catalog, articles, path),
        scores=tuple(parse_arm(arm, catalog) for arm in table.scores),
        probes=table.probes,
        scan=table.scan,
        articles=articles,
    )


def _under(table: PlanTable, catalog: Catalog, articles: int, path: Path) -> tuple[AttackUnder, ...]:
    try:
        return tuple(attack for one in table.under for attack in one.attacks(catalog, articles))
    except ValidationError as error:
        raise TradeoffError(f"the plan {path} is not valid: under: {error.errors()[0]['msg'].lower()}") from None
