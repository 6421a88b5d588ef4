"""Made-up recordings whose truth is known."""

from __future__ import annotations

import random

from tests.tradeoff.catalog import CATALOG
from tradeoff.plan.arm import parse_arm
from tradeoff.plan.plan import Block, Plan
from tradeoff.record.events import AnyEvent, ArmWindow, EpochEnded, RunStarted, Window

BLOCK = Block(
    name="b",
    reference=parse_arm("hardened", CATALOG),
    arms=(parse_arm("hardened,lock=open", CATALOG),),
    seconds=60,
    epochs=8,
)
MIX = {"enter": 90.0, "leave": 10.0}
COST_NS = {"enter": 500_000.0, "leave": 2_000_000.0}
REQUESTS = 100


def arm_window(cpu_ns: float, *, status: str = "200", size: int = 1000) -> ArmWindow:
    """One arm's part of a window: 100 requests, all answered alike."""
    return ArmWindow(
        cpu_ns=round(cpu_ns),
        arrivals=REQUESTS,
        completed=REQUESTS,
        requests=REQUESTS,
        errors=0,
        bytes=size * REQUESTS,
        statuses={"GET /": {status: REQUESTS}},
        backlog_max=1,
    )


def windows(
    ratios: dict[str, float], *, epochs: int = 8, noise: float = 0.01, seed: int = 1, wall_ns: int = 10**9
) -> list[AnyEvent]:
    """Epochs in which the open lock costs `ratios[journey]` of the reference, under noise that hits all and each."""
    source = random.Random(seed)
    events: list[AnyEvent] = []
    for epoch in range(epochs):
        for index, (journey, cost) in enumerate(COST_NS.items()):
            machine = 1 + source.uniform(-0.25, 0.25)
            cpu = {
                name: cost * REQUESTS * machine * (1 + source.gauss(0, noise))
                for name in ("reference", "twin", "hardened,lock=open")
            }
            cpu["hardened,lock=open"] *= ratios[journey]
            events.append(
                Window(
                    block="b",
                    epoch=epoch,
                    index=index,
                    journey=journey,
                    warmup=False,
                    rate=100.0,
                    wall_ns=wall_ns,
                    lag_p99_ns=1000,
                    arms={name: arm_window(ns) for name, ns in cpu.items()},
                )
            )
        events.append(EpochEnded(block="b", epoch=epoch))
    return events


def start(plan: Plan | None = None) -> RunStarted:
    """The event that opens a run."""
    return RunStarted(
        run="r",
        plan=plan or Plan(name="p", blocks=(BLOCK,), articles=10),
        catalog=CATALOG,
        target="toy",
        target_file="target.toml",
        mix=MIX,
        seed=1,
        environment={},
    )
