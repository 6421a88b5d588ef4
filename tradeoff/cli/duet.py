"""`tradeoff duet`: a few arms against each other."""

from __future__ import annotations

import json as json_module
import random
from typing import Annotated

import typer
from rich.console import Console

from tradeoff.cli.console import shown_progress
from tradeoff.cli.options import DEFAULT_OUT, DEFAULT_TARGET, JsonOption, OutOption, TargetOption

EPOCHS = 8


def duet(
    arms: Annotated[list[str], typer.Argument(metavar="ARM ARM…", help="PROFILE[,factor=level…][@gitref]")],
    seconds: Annotated[float, typer.Option("--seconds", min=5, max=3600, help="Wall time.")] = 60.0,
    seed: Annotated[int | None, typer.Option("--seed", help="Repeat a run's arrivals and orders.")] = None,
    target: TargetOption = DEFAULT_TARGET,
    out: OutOption = DEFAULT_OUT,
    json: JsonOption = False,
) -> int:
    """Compare arms with the first one: CPU per request, by journey and over the mix."""
    from tradeoff.judge.duet import duet_result
    from tradeoff.judge.run import judge_run
    from tradeoff.measure.runner import start_run
    from tradeoff.plan.arm import parse_arm
    from tradeoff.plan.factors import describe
    from tradeoff.plan.plan import Block, Plan
    from tradeoff.record.folder import read_events
    from tradeoff.report.duet import print_duet
    from tradeoff.target.description import read_target
    from tradeoff.target.errors import TradeoffError

    if len(arms) < 2:
        raise TradeoffError("a duet needs two arms or more: the first is the reference")
    description = read_target(target)
    catalog = describe(description)
    reference, *others = [parse_arm(arm, catalog) for arm in arms]
    block = Block(name="duet", reference=reference, arms=tuple(others), seconds=seconds, epochs=EPOCHS)
    plan = Plan(name="duet", blocks=(block,), articles=description.database.articles)
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
    result = duet_result(judge_run(read_events(folder)))
    if json:
        typer.echo(json_module.dumps(result, indent=2))
    else:
        print_duet(result, Console())
    return 0 if result["valid"] else 2
