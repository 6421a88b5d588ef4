"""`tradeoff run` and `tradeoff resume`: the main job."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tradeoff.cli.console import shown_progress
from tradeoff.cli.options import (
    DEFAULT_OUT,
    DEFAULT_TARGET,
    EXIT_CODES,
    JsonOption,
    OutOption,
    TargetOption,
)


def run(
    plan: Annotated[str, typer.Option("--plan", help="quick, full, or a plan file (TOML).")] = "quick",
    target: TargetOption = DEFAULT_TARGET,
    out: OutOption = DEFAULT_OUT,
    seed: Annotated[int | None, typer.Option("--seed", help="Repeat a run's arrivals and orders.")] = None,
    json: JsonOption = False,
) -> int:
    """Measure, attack, scan, judge and report: prints the trade-off table and writes a run folder."""
    from tradeoff.measure.runner import start_run
    from tradeoff.plan.factors import describe
    from tradeoff.plan.named import choose_plan
    from tradeoff.target.description import read_target

    description = read_target(target)
    catalog = describe(description)
    chosen = choose_plan(plan, catalog, articles=description.database.articles, mix=description.load.mix)
    with shown_progress() as progress:
        folder = start_run(
            description,
            target.resolve(),
            catalog,
            chosen,
            out=out,
            seed=seed if seed is not None else random.randrange(2**31),
            progress=progress,
        )
    return judge_and_report(folder, json=json)


def resume(
    name: Annotated[
        str, typer.Argument(metavar="RUN", help="A run's folder, name, part of it, or `latest`.")
    ] = "latest",
    out: OutOption = DEFAULT_OUT,
    json: JsonOption = False,
) -> int:
    """Finish an interrupted run from what it recorded."""
    from tradeoff.measure.runner import resume_run
    from tradeoff.record.folder import find_run

    folder = find_run(name, out)
    with shown_progress() as progress:
        resume_run(folder, progress=progress)
    return judge_and_report(folder, json=json)


def judge_and_report(folder: Path, *, json: bool) -> int:
    """Judge a run folder, write its reports, print the table or the summary; returns the exit code."""
    from tradeoff.judge.run import judge_run
    from tradeoff.record.folder import read_events
    from tradeoff.report.terminal import print_summary
    from tradeoff.report.write import write_reports

    summary = judge_run(read_events(folder))
    write_reports(summary, folder)
    if json:
        typer.echo(summary.model_dump_json(indent=2))
    else:
        print_summary(summary, Console(), folder)
    return EXIT_CODES[summary.verdict]
