"""A duet on the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table


def print_duet(result: dict[str, Any], console: Console) -> None:
    """Print each arm's CPU per request against the reference, over the mix and by journey."""
    console.print(
        f"{result['epochs']} epochs, reference {result['reference']}, target core used {result['utilisation']:.0%}",
        markup=False,
    )
    if not result["valid"]:
        console.print(f"not valid: {result['why_invalid']}", style="bold red", markup=False)
    table = Table("arm", "on", "reference", "CPU added per request, 95 % interval", "change")
    for name, estimate in [("twin (the reference again)", result["twin"]), *_arms(result)]:
        if estimate is None:
            table.add_row(name, "", "", "not priced", "")
            continue
        low, high = (estimate[bound] - 1 for bound in ("low", "high"))
        mix = _bracketed(estimate["added_us"], *(bound * estimate["reference_us"] for bound in (low, high)))
        table.add_row(name, "mix", _us(estimate["reference_us"]), mix, f"{estimate['ratio'] - 1:+.2%}")
        for journey, one in estimate["journeys"].items():
            added = _bracketed(one["added_us"], one["low"], one["high"])
            share = f"{one['added_us'] / one['reference_us']:+.2%}"
            table.add_row("", journey, _us(one["reference_us"]), added, share)
    console.print(table)
    console.print("Intervals of journeys are wide enough to hold together (Bonferroni).", style="dim")


def _arms(result: dict[str, Any]) -> list[tuple[str, dict[str, Any] | None]]:
    return [(one["arm"], one["cpu_per_request"]) for one in result["arms"]]


def _us(value: float) -> str:
    return f"{value / 1e3:,.2f} ms" if abs(value) >= 1e3 else f"{value:,.0f} µs"


def _bracketed(value: float, low: float, high: float) -> str:
    unit, scale = ("ms", 1e3) if abs(value) >= 1e3 else ("µs", 1.0)
    digits = 2 if scale > 1 else 0
    shown = f"{value / scale:+,.{digits}f} {unit} [{low / scale:+,.{digits}f}, {high / scale:+,.{digits}f}]"
    return shown if low > 0 or high < 0 else f"{shown}: not distinguishable from 0"
