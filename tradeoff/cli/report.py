"""`tradeoff report`: make a run's reports again from its events."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from tradeoff.cli.options import DEFAULT_OUT, OutOption


class Format(StrEnum):
    """What to print."""

    TERMINAL = "terminal"
    HTML = "html"
    MARKDOWN = "md"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"


FILES = {
    Format.HTML: "report.html",
    Format.MARKDOWN: "report.md",
    Format.JSON: "summary.json",
    Format.JUNIT: "junit.xml",
    Format.SARIF: "findings.sarif",
}


def report(
    name: Annotated[
        str, typer.Argument(metavar="RUN", help="A run's folder, name, part of it, or `latest`.")
    ] = "latest",
    format_: Annotated[Format, typer.Option("--format", help="What to print.")] = Format.TERMINAL,
    out: OutOption = DEFAULT_OUT,
) -> int:
    """Judge a run folder again, write all its reports, and print one of them."""
    from rich.console import Console

    from tradeoff.judge.run import judge_run
    from tradeoff.record.folder import find_run, read_events
    from tradeoff.report.terminal import print_summary
    from tradeoff.report.write import write_reports

    folder = find_run(name, out)
    summary = judge_run(read_events(folder))
    write_reports(summary, folder)
    if format_ is Format.TERMINAL:
        print_summary(summary, Console(), folder)
    else:
        typer.echo((folder / FILES[format_]).read_text(encoding="utf-8"))
    return 0
