"""`tradeoff scan`: the static scanners, joined."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from tradeoff.cli.options import DEFAULT_TARGET, EXIT_CODES, JsonOption, TargetOption


def scan(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]…", help="Default: [scan] of the target.")
    ] = None,
    target: TargetOption = DEFAULT_TARGET,
    lock: Annotated[
        list[Path] | None, typer.Option("--lock", help="Audit this requirements file too (may be repeated).")
    ] = None,
    advisories: Annotated[
        Path | None, typer.Option("--advisories", help="Advisories in OSV's format: a file, a folder, or a zip.")
    ] = None,
    osv_url: Annotated[str | None, typer.Option("--osv-url", help="Ask an OSV server on loopback instead.")] = None,
    sarif: Annotated[Path | None, typer.Option("--sarif", help="Write SARIF 2.1.0 here.")] = None,
    json: JsonOption = False,
) -> int:
    """Scan code. Findings that no level declares fail, and so does a file that a scanner skipped.

    Exit code 3: nothing failed, but some dependencies could not be looked up.
    """
    from security.sarif import build_sarif
    from tradeoff.measure.scanning import audit_of, scan_paths
    from tradeoff.plan.factors import describe
    from tradeoff.target.description import read_target

    description = read_target(target)
    catalog = describe(description)
    audit = audit_of(description, lock or (), advisories, osv_url)
    result = scan_paths(description, catalog, paths or (), audit).as_json()
    if sarif:
        ids = {factor.name: factor.ids.model_dump() for factor in catalog.factors}
        sarif.write_text(json_module.dumps(build_sarif(result, ids=ids), indent=2), encoding="utf-8")
    if json:
        typer.echo(json_module.dumps(result, indent=2))
    else:
        _print(result)
    if result["failed"]:
        return EXIT_CODES["fail"]
    return EXIT_CODES["pass"] if result["complete"] else EXIT_CODES["inconclusive"]


def _print(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table("scanner", "version", "files", "findings", "skipped", "TPR", "FPR")
    for one in result["scanners"]:
        skipped = ", ".join(str(item) for item in one["skipped"]) or "none"
        row = (one["name"], one["version"], str(one["files"]), str(one["findings"]), skipped)
        table.add_row(*row, _rate(one["tpr"]), _rate(one["fpr"]))
    table.add_row("joined", "", "", str(len(result["findings"])), "", *map(_rate, result["joined"].values()))
    console.print(table)
    for line in _lines(result):
        console.print(line, markup=False, highlight=False)


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _lines(result: dict[str, Any]) -> Iterator[str]:
    yield from (note for one in result["scanners"] for note in one["notes"])
    for row in result["rating"]:
        if row["scanner"] == "joined" and row["class"] is None:
            youden = row["youden"]
            index = f"Youden index {youden['value']:+.2f} [{youden['low']:.2f}, {youden['high']:.2f}]" if youden else ""
            counts = f"{row['found']} of {row['weak']} found, {row['alarmed']} false alarms of {row['strong']}"
            yield f"rated on {row['set']}: {counts}; {index}"
    for finding in result["unexpected"]:
        place = f"{finding['path']}:{finding['line']}"
        yield f"unexpected: {place} {', '.join(finding['seen_by'])}: {finding['message']}"
    for finding in result["missing"]:
        yield f"declared but not reported: {finding['path']} {finding['rule']}"
    yield f"{len(result['findings'])} findings, {len(result['unexpected'])} that nothing declares"
    if result["not_looked_up"]:
        yield f"incomplete: {len(result['not_looked_up'])} dependencies were not looked up, such as"
        yield from (f"  {one}" for one in result["not_looked_up"][:3])
