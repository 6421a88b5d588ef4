"""`tradeoff scan`: the static scanners, joined."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated, Any

import typer

from tradeoff.cli.options import DEFAULT_TARGET, JsonOption, TargetOption


def scan(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]…", help="Default: [scan] of the target.")
    ] = None,
    target: TargetOption = DEFAULT_TARGET,
    sarif: Annotated[Path | None, typer.Option("--sarif", help="Write SARIF 2.1.0 here.")] = None,
    json: JsonOption = False,
) -> int:
    """Scan code. Findings that no level declares fail, and so does a file that a scanner skipped."""
    from security.sarif import build_sarif
    from tradeoff.measure.scanning import scan_paths
    from tradeoff.plan.factors import describe
    from tradeoff.target.description import read_target

    description = read_target(target)
    chosen = paths or [description.root / path for path in description.scan.paths]
    result = scan_paths(description, describe(description), chosen).as_json()
    if sarif:
        sarif.write_text(json_module.dumps(build_sarif(result), indent=2), encoding="utf-8")
    if json:
        typer.echo(json_module.dumps(result, indent=2))
    else:
        _print(result)
    return 0 if result["passed"] else 1


def _print(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table("scanner", "version", "files", "findings", "skipped")
    for one in result["scanners"]:
        count = sum(finding["scanner"] == one["name"] for finding in result["findings"])
        skipped = ", ".join(str(item) for item in one["skipped"]) or "none"
        table.add_row(one["name"], str(one.get("version", "")), str(one["files"]), str(count), skipped)
    console.print(table)
    for finding in result["unexpected"]:
        place = f"{finding['path']}:{finding['line']}"
        console.print(f"unexpected: {place} {finding['rule']} {finding['message']}", markup=False, highlight=False)
    for finding in result["missing"]:
        console.print(f"declared but not reported: {finding['path']} {finding['rule']}", markup=False, highlight=False)
    console.print(f"{len(result['findings'])} findings, {len(result['unexpected'])} that nothing declares")
