"""What measuring writes: one event a line in events.jsonl. Times are in ns, instants in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from tradeoff.plan.conditions import Conditions
from tradeoff.plan.factors import Catalog
from tradeoff.plan.plan import Plan

SCHEMA_VERSION: Literal[1] = 1

ProbeResult = Literal["stopped", "succeeded", "not_applicable", "could_not_run"]


class Event(BaseModel):
    """An event with the instant at which it was written."""

    model_config = ConfigDict(extra="forbid")

    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class RunStarted(Event):
    """Opens a run: all that is needed to resume it and to judge it without the target."""

    event: Literal["run_started"] = "run_started"
    schema_version: Literal[1] = SCHEMA_VERSION
    run: str
    plan: Plan
    catalog: Catalog
    target: str
    target_file: str
    mix: dict[str, float]
    seed: int
    environment: dict[str, str]
    estimate_s: float = 0.0
    """How long it was said to take, s; 0 where nothing was said."""


class RunResumed(Event):
    """The run goes on after it was interrupted."""

    event: Literal["run_resumed"] = "run_resumed"
    environment: dict[str, str]


class BlockRates(Event):
    """Of each journey the arrivals a second, and how many warm up and how many count in an epoch.

    Fixed for a block by its calibration.
    """

    event: Literal["block_rates"] = "block_rates"
    block: str
    rates: dict[str, float]
    warmup: dict[str, int]
    arrivals: dict[str, int]
    epochs: int


class ArmStart(BaseModel):
    """An arm in an epoch: its processes and its hash seed."""

    arm: str
    pids: list[int]
    hash_seed: int


class EpochStarted(Event):
    """All arms of a block serve: fresh processes on databases restored from a template."""

    event: Literal["epoch_started"] = "epoch_started"
    block: str
    epoch: int
    arms: list[ArmStart]
    startup_ns: int


class ArmWindow(BaseModel):
    """What one arm did in a window."""

    cpu_ns: int
    arrivals: int
    completed: int
    requests: int
    errors: int
    bytes: int
    statuses: dict[str, dict[str, int]]
    backlog_max: int


class Window(Event):
    """A window: one journey, the same arrivals for every arm."""

    event: Literal["window"] = "window"
    block: str
    epoch: int
    index: int
    journey: str
    warmup: bool
    rate: float
    wall_ns: int
    lag_p99_ns: int
    arms: dict[str, ArmWindow]


class EpochEnded(Event):
    """The epoch is whole; one without this event is not judged."""

    event: Literal["epoch_ended"] = "epoch_ended"
    block: str
    epoch: int


class BlockEnded(Event):
    """The block has all its epochs."""

    event: Literal["block_ended"] = "block_ended"
    block: str


class Attack(Event):
    """The outcome of one probe on one arm, `under` conditions or as the arm needs it. Evidence is redacted."""

    event: Literal["attack"] = "attack"
    arm: str
    probe: str
    control: str
    api: str
    result: ProbeResult
    evidence: str
    requests: int
    seconds: float
    under: Conditions | None = None


class HeldLoad(BaseModel):
    """The load that was held meanwhile: arrivals (visits) and requests a second, and what became of them."""

    percent: int
    capacity: float
    capacity_requests: float
    rate: float
    requests: float
    p99_ms: float
    error_rate: float
    dropped_share: float


class AttacksEnded(Event):
    """All probes of an arm were tried."""

    event: Literal["attacks_ended"] = "attacks_ended"
    arm: str
    workers: int
    requests: int
    seconds: float
    under: Conditions | None = None
    load: HeldLoad | None = None


class Scanned(Event):
    """What the static scanners found, as `tradeoff scan --json` prints it."""

    event: Literal["scanned"] = "scanned"
    result: dict[str, object]


class WafScored(Event):
    """The score of an arm's WAF, as `tradeoff probe --waf --json` prints it."""

    event: Literal["waf_scored"] = "waf_scored"
    arm: str
    score: dict[str, Any]


class NotMeasured(Event):
    """Something could not be measured, and why: it stands in the report, never as a pass."""

    event: Literal["not_measured"] = "not_measured"
    subject: str
    reason: str


class RunEnded(Event):
    """The run is over."""

    event: Literal["run_ended"] = "run_ended"
    status: Literal["complete", "interrupted", "failed"]
    reason: str = ""


AnyEvent = Annotated[
    RunStarted
    | RunResumed
    | BlockRates
    | EpochStarted
    | Window
    | EpochEnded
    | BlockEnded
    | Attack
    | AttacksEnded
    | Scanned
    | WafScored
    | NotMeasured
    | RunEnded,
    Field(discriminator="event"),
]

parse_event: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)
