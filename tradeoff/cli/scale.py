"""`tradeoff scale`: throughput and attacks against workers and data, users at once, and what limits."""

from __future__ import annotations

import itertools
import json as json_module
import random
from typing import Annotated

import typer
from rich.console import Console

from tradeoff.cli.console import shown_progress
from tradeoff.cli.options import DEFAULT_OUT, DEFAULT_TARGET, EXIT_CODES, JsonOption, OutOption, TargetOption


def scale(
    arm: Annotated[str, typer.Argument(metavar="ARM", help="PROFILE[,factor=level…][@gitref]")],
    workers: Annotated[str, typer.Option("--workers", help="Numbers of workers, such as 1,2,4.")] = "1,2",
    data: Annotated[str, typer.Option("--data", help="Numbers of articles, such as 1e3,1e5.")] = "",
    users: Annotated[str, typer.Option("--users", help="Numbers of users at once, closed loop.")] = "1,2,4,8,16,32",
    attacks: Annotated[bool, typer.Option(help="Probe the arm with each number of workers and articles too.")] = True,
    rounds: Annotated[int, typer.Option("--rounds", min=2, max=100, help="Slices of each combination.")] = 3,
    seed: Annotated[int | None, typer.Option("--seed", help="Repeat a run's arrivals and orders.")] = None,
    target: TargetOption = DEFAULT_TARGET,
    out: OutOption = DEFAULT_OUT,
    json: JsonOption = False,
) -> int:
    """Measure how throughput scales, closed loop, and what opens as it does."""
    from tradeoff.judge.run import judge_run
    from tradeoff.measure.runner import start_run
    from tradeoff.plan.arm import parse_arm
    from tradeoff.plan.conditions import AttackUnder, Conditions
    from tradeoff.plan.factors import describe
    from tradeoff.plan.load import Scaling
    from tradeoff.plan.plan import Plan
    from tradeoff.record.folder import read_events
    from tradeoff.report.scaling import print_scaling, scale_result
    from tradeoff.target.description import read_target

    description = read_target(target)
    catalog = describe(description)
    spec = parse_arm(arm, catalog)
    rows = _numbers(data, "--data") if data else (description.database.articles,)
    scaling = Scaling(
        arm=spec,
        workers=_numbers(workers, "--workers"),
        articles=rows,
        users=_numbers(users, "--users"),
        rounds=rounds,
    )
    places = itertools.product(scaling.workers, rows) if attacks else ()
    under = tuple(AttackUnder(arm=spec, conditions=Conditions(workers=w, articles=r)) for w, r in places)
    plan = Plan(name="scale", scalings=(scaling,), under=under, articles=description.database.articles)
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
        typer.echo(json_module.dumps(scale_result(summary), indent=2))
    else:
        print_scaling(summary, Console())
    return EXIT_CODES[summary.verdict] if summary.scalings else 2


def _numbers(text: str, option: str) -> tuple[int, ...]:
    """`1,2,4` or `1e3,1e5`, each once, in order of size. Raises TradeoffError."""
    from tradeoff.target.errors import TradeoffError

    try:
        found = sorted({float(part) for part in text.split(",")})
    except ValueError:
        found = []
    if not found or any(one < 1 or one != int(one) for one in found):
        raise TradeoffError(f"{option} {text!r}: name whole numbers from 1, such as 1,2,4 or 1e3,1e5")
    return tuple(int(one) for one in found)
