"""`tradeoff list`: runs, factors with their levels, probes."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tradeoff.cli.options import DEFAULT_OUT, DEFAULT_TARGET, OutOption, TargetOption


class What(StrEnum):
    """What to list."""

    RUNS = "runs"
    FACTORS = "factors"
    PROBES = "probes"


def show(
    what: Annotated[What, typer.Argument(metavar="[runs|factors|probes]")] = What.RUNS,
    out: OutOption = DEFAULT_OUT,
    target: TargetOption = DEFAULT_TARGET,
) -> int:
    """List the runs of a folder, the target's factors, or the probes."""
    if what is What.RUNS:
        _runs(out)
    elif what is What.FACTORS:
        _factors(target)
    else:
        _probes()
    return 0


def _runs(out: Path) -> None:
    from tradeoff.record.events import RunEnded, RunStarted
    from tradeoff.record.folder import read_events, run_folders

    folders = run_folders(out)
    if not folders:
        typer.echo(f"no runs in {out}: `tradeoff run` makes one")
        return
    table = Table("run", "plan", "target", "status")
    for folder in folders:
        events = list(read_events(folder))
        start = events[0] if events and isinstance(events[0], RunStarted) else None
        status = events[-1].status if events and isinstance(events[-1], RunEnded) else "not finished"
        table.add_row(folder.name, start.plan.name if start else "?", start.target if start else "?", status)
    Console().print(table)


def _factors(path: Path) -> None:
    from tradeoff.plan.factors import describe
    from tradeoff.target.description import read_target

    catalog = describe(read_target(path))
    table = Table("factor", "levels, weak to strong", *catalog.profiles, "threat")
    for factor in catalog.factors:
        levels = ", ".join(f"{level.name} ({level.tag})" for level in factor.levels)
        chosen = [levels_of.get(factor.name, "") for levels_of in catalog.profiles.values()]
        table.add_row(factor.name, levels, *chosen, escape(factor.threat))
    Console().print(table)


def _probes() -> None:
    from security.probe.catalog import CATALOG

    table = Table("probe", "control", "OWASP", "it proves that")
    for probe in CATALOG:
        table.add_row(probe.name, probe.control, probe.api or "", escape(probe.title))
    Console().print(table)
