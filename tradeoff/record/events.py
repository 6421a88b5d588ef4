"""What measuring writes: one event a line in events.jsonl. Times are in ns, instants in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from tradeoff.plan.conditions import Conditions
from tradeoff.plan.factors import Catalog
from tradeoff.plan.objective import Objective
from tradeoff.plan.plan import Plan

SCHEMA_VERSION: Literal[1] = 1

#: Less than this share of its cores left to an arm says nothing about whole ones.
FEWEST_LEFT = 0.3

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
    """Arrivals a second of each journey, fixed for a block by its calibration."""

    event: Literal["block_rates"] = "block_rates"
    block: str
    rates: dict[str, float]
    warmup: dict[str, int]
    window_s: float
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


class LoadSlice(BaseModel):
    """What some seconds of load on one arm came to; what was sent before them is in the CPU clocks alone."""

    seconds: float
    arrivals: int
    dropped: int
    requests: int
    errors: int
    slow: int
    """Requests that took longer than the objective allows."""
    tail_ms: float
    """The objective's percentile of the latencies."""
    lag_p99_ns: int
    cpu_ns: int = 0
    generator_cpu_ns: int = 0
    sent: int = 0
    """Visits that the CPU clocks are of."""
    wall_ns: int = 0
    """What the CPU clocks are of: longer than `seconds`, by what was not counted."""
    others: float = 0.0
    """Share of this time for which the arm's cores did other work than the arm's."""

    @property
    def offered(self) -> float:
        """Arrivals a second: visits."""
        return self.arrivals / self.seconds

    @property
    def cpu_per_visit(self) -> float:
        """CPU of the arm, s; 1 where no clock was read."""
        return self.cpu_ns / 1e9 / max(self.sent, 1) if self.cpu_ns else 1.0

    @property
    def demand(self) -> float:
        """Cores that the offered visits needed, as a share of those that other work left to the arm.

        A neighbour, or a processor that is slower for a while, raises it as more visits would: so it, and not the rate,
        says how near an arm is to its limit. Where no clock was read it is the rate.
        """
        return self.offered * self.cpu_per_visit / self.left

    @property
    def left(self) -> float:
        """Share of its cores that other work left to the arm."""
        return max(FEWEST_LEFT, 1 - self.others)

    @property
    def requests_per_s(self) -> float:
        """Requests answered a second."""
        return self.requests / self.seconds

    @property
    def error_rate(self) -> float:
        """Share of requests without a usable answer."""
        return self.errors / max(self.requests, 1)

    @property
    def dropped_share(self) -> float:
        """Share of arrivals that found too many under way."""
        return self.dropped / max(self.arrivals, 1)

    def broken(self, objective: Objective) -> float:
        """The share of requests that broke the objective; errors count by how far they use up their own share.

        An arrival that was dropped would have waited for too long, with all of its requests.
        """
        requests = max(self.requests, 1)
        slow = self.slow / requests * (1 - self.dropped_share) + self.dropped_share
        errors = objective.tail * self.error_rate / max(objective.errors, 0.5 / requests)
        return min(1.0, max(slow, errors))


class CapacitySlice(Event):
    """A slice of the search for an arm's capacity. Looks, by which it begins, are not counted."""

    event: Literal["capacity_slice"] = "capacity_slice"
    group: str
    arm: str
    round: int
    look: bool
    slice: LoadSlice


class CapacityTogether(Event):
    """All arms of a group served the same visits at the same time: CPU by arm, ns, of which the ratios are exact."""

    event: Literal["capacity_together"] = "capacity_together"
    group: str
    round: int
    cpu_ns: dict[str, int]


class CapacityRound(Event):
    """A round of a group has come to its end: fresh processes, and slices of each arm in turn."""

    event: Literal["capacity_round"] = "capacity_round"
    group: str
    round: int


class ScaleSlice(Event):
    """A slice of closed-loop load: so many users at once on an arm with so many workers and articles."""

    event: Literal["scale_slice"] = "scale_slice"
    arm: str
    workers: int
    articles: int
    users: int
    round: int
    slice: LoadSlice


class ScaleEnded(Event):
    """All slices of an arm were made, on so many cores."""

    event: Literal["scale_ended"] = "scale_ended"
    arm: str
    cores: int


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
    | CapacitySlice
    | CapacityTogether
    | CapacityRound
    | ScaleSlice
    | ScaleEnded
    | Attack
    | AttacksEnded
    | Scanned
    | WafScored
    | NotMeasured
    | RunEnded,
    Field(discriminator="event"),
]

parse_event: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)
