"""`tradeoff capacity`: the highest rate that keeps an objective."""

from __future__ import annotations

import json as json_module
import random
from typing import Annotated

import typer
from rich.console import Console

from tradeoff.cli.console import shown_progress
from tradeoff.cli.options import DEFAULT_OUT, DEFAULT_TARGET, JsonOption, OutOption, TargetOption

#: Rounds of at least so many seconds for each arm, up to so many.
ROUND_S, MOST_ROUNDS = 30.0, 3


def capacity(
    arms: Annotated[list[str], typer.Argument(metavar="ARM…", help="PROFILE[,factor=level…][@gitref]")],
    slo: Annotated[str, typer.Option("--slo", help="What the rate must keep.")] = "p99=100ms,errors=0.1%",
    seconds: Annotated[float, typer.Option("--seconds", min=30, max=3600, help="Wall time for each arm.")] = 110.0,
    seed: Annotated[int | None, typer.Option("--seed", help="Repeat a run's arrivals and orders.")] = None,
    target: TargetOption = DEFAULT_TARGET,
    out: OutOption = DEFAULT_OUT,
    json: JsonOption = False,
) -> int:
    """Search the highest rate of visits that keeps the objective; of several arms, against the first one."""
    from tradeoff.judge.run import judge_run
    from tradeoff.measure.runner import start_run
    from tradeoff.plan.arm import parse_arm
    from tradeoff.plan.factors import describe
    from tradeoff.plan.load import CapacityGroup
    from tradeoff.plan.objective import parse_objective
    from tradeoff.plan.plan import Plan
    from tradeoff.record.folder import read_events
    from tradeoff.report.capacity import capacity_result, print_capacities
    from tradeoff.target.description import read_target

    objective = parse_objective(slo)
    description = read_target(target)
    catalog = describe(description)
    specs = tuple(parse_arm(arm, catalog) for arm in dict.fromkeys(arms))
    rounds = max(1, min(MOST_ROUNDS, int(seconds / ROUND_S)))
    group = CapacityGroup(name="capacity", arms=specs, objective=objective, seconds=seconds * len(specs), rounds=rounds)
    plan = Plan(name="capacity", capacities=(group,), articles=description.database.articles)
    with shown_progress() as progress:
        folder = start_run(
            description,
            target.resolve(),
            catalog,
            plan,
            out=out,
            seed=seed if seed is not None else random.randrange(2**31),
            progress=progress,
        )
    summary = judge_run(read_events(folder))
    if json:
        typer.echo(json_module.dumps(capacity_result(summary), indent=2))
    else:
        print_capacities(summary, Console())
    return 0 if any(one.rate for one in summary.capacities) else 2
