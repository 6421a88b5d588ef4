"""`summary.json`: what a run showed, judged. Reports are made from this alone. Prices are CPU time in µs."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from tradeoff.plan.conditions import Conditions
from tradeoff.record.events import HeldLoad, ProbeResult

SCHEMA_VERSION: Literal[1] = 1

Decision = Literal["keep", "review", "trap", "no trap seen", "not measured"]
Verdict = Literal["pass", "fail", "inconclusive", "invalid"]


class Judged(BaseModel):
    """A part of the summary."""

    model_config = ConfigDict(extra="forbid")


class Interval(Judged):
    """An estimate with its 95 % confidence interval."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the interval's width, in the unit of the value."""
        return (self.high - self.low) / 2

    def excludes(self, number: float) -> bool:
        """Whether the interval does not cover the number."""
        return not self.low <= number <= self.high

    def negated(self) -> Interval:
        """The same with the sign turned."""
        return Interval(value=-self.value, low=-self.high, high=-self.low)


class JourneyPrice(Judged):
    """CPU of an arm against the reference on one journey, per request."""

    journey: str
    ratio: Interval
    """Arm / reference."""
    added_us: Interval
    """Arm − reference, µs per request."""
    added_us_joint: Interval
    """The same, wide enough that all journeys' intervals hold together at 95 % (Bonferroni)."""
    reference_us: float
    requests: int


class ArmPrice(Judged):
    """CPU of an arm against the reference."""

    arm: str
    treatment: dict[str, str]
    changed: dict[str, str]
    block: str
    epochs: int
    ratio: Interval | None
    """Arm / reference over the mix."""
    added_us: Interval | None
    """Arm − reference over the mix, µs per request."""
    reference_us: float | None
    journeys: dict[str, JourneyPrice]
    void: str | None
    """Why there is no price, where there is none."""


class BlockJudged(Judged):
    """A block: was it valid, how loaded, how long."""

    name: str
    reference: str
    epochs: int
    utilisation: float
    """Median share of the target core that all arms together used in windows."""
    utilisation_max: float
    lag_p99_us: float
    requests: int
    twin: ArmPrice | None
    void: str | None


class AttackOutcome(Judged):
    """A probe's outcome on an arm."""

    probe: str
    control: str
    api: str
    result: ProbeResult
    declared: bool
    """Whether the arm's levels declare that this probe succeeds."""
    evidence: str


class AttackedArm(Judged):
    """An arm that was attacked: a column of the matrix."""

    arm: str
    treatment: dict[str, str]
    changed: dict[str, str]
    tag: Literal["profile", "weak", "strong", "depth", "trap", "plain"]
    workers: int
    outcomes: list[AttackOutcome]
    stopped: int
    """Attacks stopped, of `tried`."""
    tried: int
    """Probes that ran and apply (stopped or succeeded)."""


class AttackedUnder(Judged):
    """An arm that was attacked under conditions."""

    arm: str
    conditions: Conditions
    load: HeldLoad | None
    """What was held meanwhile; None where the conditions are idle."""
    outcomes: list[AttackOutcome]
    stopped: int
    tried: int


class Opening(Judged):
    """An attack that is stopped under milder conditions and succeeds under harder ones: a finding of its own kind."""

    arm: str
    probe: str
    control: str
    api: str
    holds: Conditions
    opens: Conditions
    by: list[str]
    """In which respects the two differ, in words: `150 % load`, `4 workers`."""
    declared: bool
    evidence: str

    @property
    def sentence(self) -> str:
        """`token_after_log_out on hardened,revocation=per_process holds at 1 worker and opens at 2 workers`."""
        milder = ", ".join(self.holds.beyond(self.opens))
        return f"{self.probe} on {self.arm} holds at {milder} and opens at {', '.join(self.by)}"


class WafPoint(Judged):
    """A WAF's level: what it stops and what it disturbs, beside its price."""

    arm: str
    level: str
    blocked: Interval
    """Share of attacks refused."""
    let_pass: Interval
    """Share of benign requests that are not."""
    attacks: int
    benign: int
    share: Interval | None
    """CPU over the mix, as a share of the reference's; None where it was not priced."""
    added_us: Interval | None
    """CPU added over the mix, µs per request."""


class Domination(Judged):
    """Two strong levels of a factor, of which one is surely cheaper."""

    factor: str
    better: str
    worse: str
    journey: str
    saved_us: Interval
    """CPU that the better one saves per request of the journey."""


class Row(Judged):
    """A line of the trade-off table: one factor."""

    factor: str
    kind: Literal["control", "optimisation"]
    threat: str
    owasp: list[str]
    asvs: list[str]
    cwe: list[str]
    strong: str
    """The level of the reference."""
    weak: str
    """The level that it is compared with: a control's weakest, an optimisation's trap."""
    opened: list[str]
    """Attacks that succeed at the weak level and are stopped at the strong one."""
    attacks: int
    """Attacks that the factor is meant to stop and that ran."""
    stopped: int
    """Of these, stopped at the strong level."""
    journey: str
    """The journey on which the price is quoted."""
    price_us: Interval | None
    """Per request of `journey`. A control: CPU added by the strong level; an optimisation: by the trap (or less)."""
    price_share: Interval | None
    """The same as a share of the reference's CPU per request of `journey`."""
    mix_share: Interval | None
    """The same over the mix, as a share of the reference's CPU per request."""
    decision: Decision
    reason: str
    """The decision in one plain sentence."""


class FrontierPoint(Judged):
    """An arm that was both priced and attacked."""

    arm: str
    changed: dict[str, str]
    cpu_us: Interval
    """CPU per request over the mix: reference × ratio, µs."""
    stopped: int
    tried: int


class ScanJudged(Judged):
    """Static findings: declared beside weak levels, or not."""

    scanners: list[dict[str, object]]
    findings: list[dict[str, object]]
    unexpected: list[dict[str, object]]
    missing: list[dict[str, object]]
    not_looked_up: list[str] = []
    """Dependencies of which nobody knows whether they have flaws."""
    rating: list[dict[str, object]] = []
    """Scanners against cases of which the truth is known: `{set, scanner, class, weak, found, strong, alarmed, …}`."""


class Omission(Judged):
    """Something that was not measured, and why."""

    subject: str
    reason: str


class Summary(Judged):
    """A run, judged."""

    schema_version: Literal[1] = SCHEMA_VERSION
    run: str
    plan: str
    target: str
    started: datetime
    ended: datetime | None
    seconds: float
    estimate_s: float = 0.0
    complete: bool
    environment: dict[str, str]
    mix: dict[str, float]
    """Share of each journey, summing to 1."""
    articles: int
    blocks: list[BlockJudged]
    prices: list[ArmPrice]
    rows: list[Row]
    attacked: list[AttackedArm]
    under: list[AttackedUnder] = []
    openings: list[Opening] = []
    waf: list[WafPoint] = []
    dominations: list[Domination] = []
    frontier: list[FrontierPoint]
    scan: ScanJudged | None
    not_measured: list[Omission]
    verdict: Verdict
    verdict_reasons: list[str]
