"""Summaries as a quick run makes them: nine factors, a twin, every level attacked."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from security.scan.findings import Finding, Scanned
from tradeoff.judge.openings import find_openings
from tradeoff.judge.summary import (
    ArmPrice,
    AttackedArm,
    AttackedUnder,
    AttackOutcome,
    BlockJudged,
    Decision,
    Domination,
    FrontierPoint,
    Interval,
    JourneyPrice,
    Omission,
    Row,
    ScanJudged,
    Summary,
    WafPoint,
)
from tradeoff.plan.conditions import Conditions
from tradeoff.record.events import HeldLoad, ProbeResult

MIX = {"anonymous_reader": 0.7, "signed_in_reader": 0.2, "author": 0.08, "log_in": 0.02}
REFERENCE_US = {"anonymous_reader": 812.0, "signed_in_reader": 905.0, "author": 1430.0, "log_in": 43_100.0}

Tag = Literal["weak", "strong", "trap", "plain"]


@dataclass(frozen=True)
class LevelCase:
    """A level other than the reference's: its tag and the probes that succeed on it."""

    name: str
    tag: Tag
    trips: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """A factor; `weak_minus_strong` is the CPU of the weak arm (or trap) minus the reference's, µs a request."""

    name: str
    kind: Literal["control", "optimisation"]
    journey: str
    strong: str
    levels: tuple[LevelCase, ...]
    ids: tuple[str, str, str]
    probes: tuple[str, ...]
    weak_minus_strong: dict[str, float]
    decision: Decision
    reason: str
    noise_us: dict[str, float] = field(default_factory=dict)

    @property
    def weak(self) -> LevelCase:
        return self.levels[0] if self.kind == "control" else self.levels[-1]


PASSWORD = ("fast_password_hash",)
THROTTLE = ("password_guessing", "password_spraying", "owner_lockout")
TOKEN = ("token_unsigned", "token_tampered", "token_algorithm_swap")
AUTHZ = ("foreign_draft_read", "foreign_article_changed", "foreign_article_deleted")
SQL = ("sql_boolean", "sql_error", "sql_union")
ERRORS = ("error_leak", "docs_exposed")

CASES = (
    Case(
        "password_hash", "control", "log_in", "argon2id_19mib",
        (LevelCase("sha256", "weak", PASSWORD), LevelCase("bcrypt_4", "weak", PASSWORD),
         LevelCase("bcrypt_12", "strong"), LevelCase("argon2id_64mib", "strong")),
        ("API2", "11.4.2", "916"), PASSWORD, {"log_in": -41_900.0}, "keep",
        "With sha256 instead, fast password hash succeeds; it is dear, so look at its other strong levels.",
    ),
    Case(
        "login_throttle", "control", "log_in", "shared",
        (LevelCase("off", "weak", THROTTLE[:2]), LevelCase("per_process", "weak")),
        ("API2", "6.3.1", "307"), THROTTLE, {"log_in": -410.0}, "keep",
        "With off instead, password guessing, password spraying succeed.",
    ),
    Case(
        "token_signature", "control", "signed_in_reader", "hs256",
        (LevelCase("unverified", "weak", TOKEN), LevelCase("accepts_none", "weak", TOKEN[:1]),
         LevelCase("rs_hs_confusion", "weak", TOKEN[2:]), LevelCase("es256", "strong"), LevelCase("eddsa", "strong")),
        ("API2", "9.1.1", "347"), TOKEN, {"signed_in_reader": -64.0, "author": -66.0}, "keep",
        "With unverified instead, token unsigned, token tampered, token algorithm swap succeed.",
    ),
    Case(
        "object_authz", "control", "author", "on",
        (LevelCase("off", "weak", AUTHZ), LevelCase("reads_only", "weak", AUTHZ[1:])),
        ("API1", "8.2.2", "639"), AUTHZ, {"author": -3.0}, "keep",
        "With off instead, foreign draft read, foreign article changed, foreign article deleted succeed.",
    ),
    Case(
        "response_fields", "control", "anonymous_reader", "declared",
        (LevelCase("whole_row", "weak", ("secret_fields",)),),
        ("API3", "15.3.1", "213"), ("secret_fields",), {"anonymous_reader": 38.0, "signed_in_reader": 41.0}, "keep",
        "With whole_row instead, secret fields succeeds.",
    ),
    Case(
        "sql", "control", "anonymous_reader", "bound",
        (LevelCase("string_built", "weak", SQL),),
        ("-", "1.2.4", "89"), SQL, {"anonymous_reader": 2.0}, "keep",
        "With string_built instead, sql boolean, sql error, sql union succeed.",
    ),
    Case(
        "errors_and_docs", "control", "anonymous_reader", "generic",
        (LevelCase("debug", "weak", ERRORS), LevelCase("stack_trace", "weak", ERRORS[:1])),
        ("API8", "16.5.1", "209"), ERRORS, {"anonymous_reader": 11.0, "author": 12.0}, "keep",
        "With debug instead, docs exposed, error leak succeed.",
    ),
    Case(
        "response_cache", "optimisation", "anonymous_reader", "off",
        (LevelCase("per_identity", "plain"), LevelCase("shared_key", "trap", ("cached_draft",))),
        ("API1", "8.2.2", "524"), ("cached_draft",), {"anonymous_reader": -310.0, "signed_in_reader": -344.0}, "trap",
        "shared_key saves CPU, and cached draft succeeds.",
    ),
    Case(
        "query_shape", "optimisation", "anonymous_reader", "joined",
        (LevelCase("lazy", "trap"),),
        ("API4", "15.4.4", "1073"), ("statements_grow",), {"anonymous_reader": 640.0, "signed_in_reader": 655.0},
        "no trap seen", "lazy costs CPU; no attack tried here succeeds with it.",
    ),
)  # fmt: skip

PROBES = {probe: case for case in CASES for probe in case.probes}


def interval(value: float, half: float) -> Interval:
    return Interval(value=value, low=value - half, high=value + half)


def added(case: Case, journey: str) -> Interval:
    value = case.weak_minus_strong.get(journey, 1.5 * ((len(case.name) + len(journey)) % 3 - 1))
    return interval(value, case.noise_us.get(journey, 0.009 * REFERENCE_US[journey]))


def journey_price(case: Case, journey: str) -> JourneyPrice:
    reference, more = REFERENCE_US[journey], added(case, journey)
    return JourneyPrice(
        journey=journey,
        ratio=interval(1 + more.value / reference, more.half_width / reference),
        added_us=more,
        added_us_joint=interval(more.value, more.half_width * 1.3),
        reference_us=reference,
        requests=4_800,
    )


def mix_reference() -> float:
    return sum(MIX[journey] * REFERENCE_US[journey] for journey in MIX)


def arm_name(case: Case, level: str) -> str:
    return f"hardened,{case.name}={level}"


def treatment(changed: dict[str, str]) -> dict[str, str]:
    return {case.name: case.strong for case in CASES} | changed


def arm_price(case: Case, *, void: str | None = None) -> ArmPrice:
    changed = {case.name: case.weak.name}
    value = sum(MIX[journey] * added(case, journey).value for journey in MIX)
    half = sum((MIX[journey] * added(case, journey).half_width) ** 2 for journey in MIX) ** 0.5
    return ArmPrice(
        arm=arm_name(case, case.weak.name),
        treatment=treatment(changed),
        changed=changed,
        block="factors",
        epochs=8,
        ratio=None if void else interval(1 + value / mix_reference(), half / mix_reference()),
        added_us=None if void else interval(value, half),
        reference_us=None if void else mix_reference(),
        journeys={} if void else {journey: journey_price(case, journey) for journey in MIX},
        void=void,
    )


def twin_price() -> ArmPrice:
    journeys = {
        journey: JourneyPrice(
            journey=journey,
            ratio=interval(1.001, 0.008),
            added_us=interval(0.001 * reference, 0.008 * reference),
            added_us_joint=interval(0.001 * reference, 0.011 * reference),
            reference_us=reference,
            requests=4_800,
        )
        for journey, reference in REFERENCE_US.items()
    }
    return ArmPrice(
        arm="twin",
        treatment=treatment({}),
        changed={},
        block="factors",
        epochs=8,
        ratio=interval(1.001, 0.005),
        added_us=interval(0.001 * mix_reference(), 0.005 * mix_reference()),
        reference_us=mix_reference(),
        journeys=journeys,
        void=None,
    )


def block(*, void: str | None = None, twin: ArmPrice | None = None) -> BlockJudged:
    return BlockJudged(
        name="factors",
        reference="hardened",
        epochs=8,
        utilisation=0.52,
        utilisation_max=0.61,
        lag_p99_us=420.0,
        requests=211_200,
        twin=None if void else twin or twin_price(),
        void=void,
    )


def row(case: Case, price: ArmPrice) -> Row:
    sign = -1 if case.kind == "control" else 1
    own = price.journeys.get(case.journey)
    return Row(
        factor=case.name,
        kind=case.kind,
        threat=f"what {case.name} stands against",
        owasp=[case.ids[0]],
        asvs=[case.ids[1]],
        cwe=[case.ids[2]],
        strong=case.strong,
        weak=case.weak.name,
        opened=list(case.weak.trips),
        attacks=len(case.probes),
        stopped=len(case.probes),
        journey=case.journey,
        price_us=_turned(own.added_us, sign) if own else None,
        price_share=_turned(_less_one(own.ratio), sign) if own else None,
        mix_share=_turned(_less_one(price.ratio), sign) if price.ratio else None,
        decision=case.decision if own or case.probes else "not measured",
        reason=case.reason,
    )


def _less_one(ratio: Interval) -> Interval:
    return Interval(value=ratio.value - 1, low=ratio.low - 1, high=ratio.high - 1)


def _turned(of: Interval, sign: int) -> Interval:
    return of if sign > 0 else of.negated()


def outcome(probe: str, *, succeeds: bool, declared: bool | None = None) -> AttackOutcome:
    return AttackOutcome(
        probe=probe,
        control=PROBES[probe].name,
        api=PROBES[probe].ids[0],
        result="succeeded" if succeeds else "stopped",
        declared=succeeds if declared is None else declared,
        evidence=f"GET /api/articles answered {200 if succeeds else 404} to the second identity",
    )


def attacked_arm(
    name: str, changed: dict[str, str], tag: Literal["profile", "weak", "strong", "trap", "plain"], trips: set[str]
) -> AttackedArm:
    outcomes = [outcome(probe, succeeds=probe in trips) for probe in PROBES]
    return with_counts(
        AttackedArm(
            arm=name, treatment=treatment(changed), changed=changed, tag=tag, workers=1,
            outcomes=outcomes, stopped=0, tried=0,
        )
    )  # fmt: skip


def with_counts(arm: AttackedArm) -> AttackedArm:
    results = [one.result for one in arm.outcomes]
    stopped = results.count("stopped")
    return arm.model_copy(update={"stopped": stopped, "tried": stopped + results.count("succeeded")})


def attacked_arms() -> list[AttackedArm]:
    controls = [case for case in CASES if case.kind == "control"]
    everything = {probe for case in controls for probe in case.weak.trips}
    tutorial = {*PASSWORD, *THROTTLE[:2], "docs_exposed"}
    profiles = [
        attacked_arm("none", {}, "profile", everything),
        attacked_arm("tutorial", {}, "profile", tutorial),
        attacked_arm("hardened", {}, "profile", set()),
    ]
    singles = [
        attacked_arm(arm_name(case, level.name), {case.name: level.name}, level.tag, set(level.trips))
        for case in CASES
        for level in case.levels
    ]
    return profiles + singles


def frontier(prices: list[ArmPrice], attacked: list[AttackedArm]) -> list[FrontierPoint]:
    by_arm = {arm.arm: arm for arm in attacked}
    hardened = by_arm["hardened"]
    points = [
        FrontierPoint(
            arm="hardened", changed={}, cpu_us=interval(mix_reference(), 0),
            stopped=hardened.stopped, tried=hardened.tried,
        )
    ]  # fmt: skip
    for price in prices:
        if price.ratio is None or price.arm not in by_arm:
            continue
        ratio, arm = price.ratio, by_arm[price.arm]
        cpu = interval(ratio.value * mix_reference(), ratio.half_width * mix_reference())
        points.append(
            FrontierPoint(arm=price.arm, changed=price.changed, cpu_us=cpu, stopped=arm.stopped, tried=arm.tried)
        )
    return points


def finding(scanner: str, rule: str, path: str, **more: object) -> dict[str, object]:
    """A finding as `tradeoff scan --json` prints it."""
    plain = Finding(scanner, rule, path, 41, f"What {rule} warns of.", "medium", "CWE-89", None, f"print-of-{rule}")
    return plain.as_json() | more


def expected(control: str, level: str) -> dict[str, object]:
    reason = f"Declared by the weak level {control}={level}."
    return {"status": "expected", "control": control, "level": level, "reason": reason}


def scanned(name: str, findings: int, **more: object) -> dict[str, object]:
    return Scanned(name, "1.9.4", 142, (), ()).as_json() | {"findings": findings} | more


def scan() -> ScanJudged:
    return ScanJudged(
        scanners=[scanned("bandit", 2, tpr=0.25, fpr=0.0), scanned("ruff", 1)],
        findings=[
            finding("bandit", "B608", "target_app/controls/sql.py", **expected("sql", "string_built")),
            finding("bandit", "B324", "target_app/controls/password_hash.py", **expected("password_hash", "sha256")),
            finding("ruff", "S311", "loadtests/pacing.py", status="declared", reason="A seed must give them again."),
        ],
        unexpected=[],
        missing=[],
    )


def outcomes_under(**results: ProbeResult) -> list[AttackOutcome]:
    """Outcomes of probes by their results; what succeeds is declared."""
    return [
        AttackOutcome(
            probe=probe,
            control="login_throttle",
            api="API2",
            result=result,
            declared=result == "succeeded",
            evidence=f"{probe}: {result}",
        )
        for probe, result in results.items()
    ]


def attacked_under() -> list[AttackedUnder]:
    """The reference at 150 % load, where one probe can't tell; per-process state with one worker and with four."""
    load = HeldLoad(
        percent=150, capacity=224, capacity_requests=1364, rate=336, requests=1485, p99_ms=243, error_rate=0.001,
        dropped_share=0.27,
    )  # fmt: skip
    loaded = Conditions(load=150, workers=4, articles=100_000)
    weak = "hardened,login_throttle=per_process"
    one, four = Conditions(articles=1000), Conditions(workers=4, articles=1000)
    held, open_ = outcomes_under(throttle_multiplied="stopped"), outcomes_under(throttle_multiplied="succeeded")
    unsure = outcomes_under(password_guessing="stopped", accounts_timed="could_not_run")
    return [
        AttackedUnder(arm="hardened", conditions=loaded, load=load, outcomes=unsure, stopped=1, tried=1),
        AttackedUnder(arm=weak, conditions=one, load=None, outcomes=held, stopped=1, tried=1),
        AttackedUnder(arm=weak, conditions=four, load=None, outcomes=open_, stopped=0, tried=1),
    ]


def waf_levels() -> list[WafPoint]:
    """Two levels: the light rules, and the first paranoia level, which was not priced."""
    cheap = Interval(value=0.021, low=0.014, high=0.028)
    return [
        WafPoint(
            arm=f"hardened,waf={level}",
            level=level,
            blocked=Interval(value=blocked, low=blocked - 0.03, high=blocked + 0.02),
            let_pass=Interval(value=let_pass, low=let_pass - 0.04, high=let_pass + 0.01),
            attacks=878,
            benign=582,
            share=cheap if level == "light" else None,
            added_us=Interval(value=36.0, low=24.0, high=48.0) if level == "light" else None,
        )
        for level, blocked, let_pass in (("light", 0.97, 0.985), ("crs_pl1", 0.51, 0.84))
    ]


def quick_summary() -> Summary:
    """A whole quick run in which all came out as declared."""
    prices = [arm_price(case) for case in CASES]
    attacked = attacked_arms()
    return Summary(
        run="20260301T101500Z-quick-1a2b3c",
        plan="quick",
        target="conduit",
        started=datetime(2026, 3, 1, 10, 15, tzinfo=UTC),
        ended=datetime(2026, 3, 1, 10, 19, 28, tzinfo=UTC),
        seconds=268.0,
        complete=True,
        environment={
            "cpu": "2 cores, x86_64",
            "system": "Linux 6.1.0",
            "python": "3.11.2",
            "database": "SQLite 3.40.1 (WAL)",
            "versions": "fastapi 0.120.0, sqlalchemy 2.1.0, uvicorn 0.38.0",
            "commit": "395fded",
        },
        mix=MIX,
        articles=1_000,
        blocks=[block()],
        prices=prices,
        rows=[row(case, price) for case, price in zip(CASES, prices, strict=True)],
        attacked=attacked,
        under=attacked_under(),
        openings=find_openings(attacked_under(), [], 1000),
        waf=waf_levels(),
        dominations=[
            Domination(
                factor="password_hash",
                better="argon2id_19mib",
                worse="argon2id_64mib",
                journey="log_in",
                saved_us=interval(118_000, 900),
            )
        ],
        frontier=frontier(prices, attacked),
        scan=scan(),
        not_measured=[
            Omission(subject="login_throttle = per_process", reason="its weakness shows with 2 workers or more"),
        ],
        verdict="pass",
        verdict_reasons=["every attack and every static finding came out as declared"],
    )


def attacked_only() -> Summary:
    """A run of probes alone: no block was planned."""
    whole = quick_summary()
    rows = [row(case, arm_price(case, void="no block")) for case in CASES]
    return whole.model_copy(update={"blocks": [], "prices": [], "frontier": [], "rows": rows, "scan": None})


def everything_void() -> Summary:
    """A run whose only block was void."""
    why = "the target core was used 91%, more than 75%: queues would be in the figures"
    prices = [arm_price(case, void=why) for case in CASES]
    return quick_summary().model_copy(
        update={
            "blocks": [block(void=why)],
            "prices": prices,
            "rows": [row(case, price) for case, price in zip(CASES, prices, strict=True)],
            "frontier": [],
            "not_measured": [Omission(subject=f"price of {price.arm}", reason=why) for price in prices],
            "verdict": "invalid",
            "verdict_reasons": [f"block factors: {why}"],
        }
    )


def interrupted() -> Summary:
    """A run that ended before its first epoch."""
    return quick_summary().model_copy(
        update={
            "ended": None, "complete": False, "seconds": 12.0, "blocks": [], "prices": [], "rows": [], "attacked": [],
            "under": [], "openings": [], "waf": [], "dominations": [],
            "frontier": [], "scan": None, "verdict": "invalid",
            "not_measured": [Omission(subject="static scan", reason="the run ended before it")],
            "verdict_reasons": ["the run did not come to its end: `tradeoff resume` finishes it"],
        }
    )  # fmt: skip


def broken() -> Summary:
    """A run in which an attack succeeded that no level declares, one could not run, and a finding is unexpected."""
    whole = quick_summary()
    arms = {arm.arm: arm for arm in whole.attacked}
    hardened = arms["hardened"]
    outcomes = [
        outcome(one.probe, succeeds=True, declared=False)
        if one.probe == "cached_draft"
        else one.model_copy(update={"result": "could_not_run", "evidence": "no lab command `fault`"})
        if one.probe == "error_leak"
        else one.model_copy(update={"result": "not_applicable", "evidence": "no key is published"})
        if one.probe == "token_algorithm_swap"
        else one
        for one in hardened.outcomes
    ]
    arms["hardened"] = with_counts(hardened.model_copy(update={"outcomes": outcomes}))
    surprise = finding("ruff", "S105", "target_app/settings.py")
    found = scan()
    return whole.model_copy(
        update={
            "attacked": list(arms.values()),
            "scan": found.model_copy(
                update={"unexpected": [surprise], "findings": [*found.findings, surprise]}
            ),
            "verdict": "fail",
            "verdict_reasons": [
                "cached_draft succeeded on hardened, which no level of it declares",
                "ruff S105 in target_app/settings.py:41 is declared by no level",
            ],
        }
    )  # fmt: skip


def long_labels() -> Summary:
    """A run of a target whose names are longer than any column."""
    text = quick_summary().model_dump_json()
    for name in ("response_cache", "shared_key", "object_authz", "reads_only", "signed_in_reader"):
        text = text.replace(name, f"{name}_of_a_target_that_was_named_by_a_committee")
    return Summary.model_validate_json(text)


def hostile(text: str) -> Summary:
    """A run in which every name that the target chooses holds this text."""
    whole = quick_summary().model_dump(mode="json")
    return Summary.model_validate(_poisoned(whole, text))


def _poisoned(part: object, text: str, *, named: bool = False) -> object:
    """`named`: the keys of this mapping are names that the target chooses, not fields."""
    if isinstance(part, dict):
        return {
            f"{key}{text}" if named else key: value
            if key in FIXED
            else _poisoned(value, text, named=key in {"changed", "treatment", "mix", "journeys", "environment"})
            for key, value in part.items()
        }
    if isinstance(part, list):
        return [_poisoned(one, text) for one in part]
    return f"{part}{text}" if isinstance(part, str) else part


FIXED = {"probe", "severity", "started", "ended", "kind", "tag", "result", "decision", "verdict"}
