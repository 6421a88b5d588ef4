"""A duet on the terminal."""

from __future__ import annotations

from typing import Any

from rich import box
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
    for name, estimate in [("twin (the reference again)", result["twin"]), *_arms(result)]:
        console.print(_table(name, estimate))
    console.print("95 % intervals over epochs; those of journeys hold together (Bonferroni).", style="dim")


def _table(name: str, estimate: dict[str, Any] | None) -> Table:
    table = Table(title=name, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    if estimate is None:
        table.add_column("not priced")
        return table
    for heading in ("on", "reference", "CPU added per request", "change"):
        table.add_column(heading, justify="left" if heading == "on" else "right", no_wrap=True)
    low, high = ((estimate[bound] - 1) * estimate["reference_us"] for bound in ("low", "high"))
    table.add_row(
        "the mix",
        _us(estimate["reference_us"]),
        _bracketed(estimate["added_us"], low, high),
        _change(estimate["ratio"] - 1, low, high),
    )
    for journey, one in estimate["journeys"].items():
        table.add_row(
            journey,
            _us(one["reference_us"]),
            _bracketed(one["added_us"], one["low"], one["high"]),
            _change(one["added_us"] / one["reference_us"], one["low"], one["high"]),
        )
    return table


def _arms(result: dict[str, Any]) -> list[tuple[str, dict[str, Any] | None]]:
    return [(one["arm"], one["cpu_per_request"]) for one in result["arms"]]


def _us(value: float) -> str:
    return f"{value / 1e3:,.2f} ms" if abs(value) >= 1e3 else f"{value:,.0f} µs"


def _bracketed(value: float, low: float, high: float) -> str:
    unit, scale, digits = ("ms", 1e3, 2) if max(abs(low), abs(high)) >= 1e3 else ("µs", 1.0, 0)
    return f"{value / scale:+,.{digits}f} {unit} [{low / scale:+,.{digits}f}, {high / scale:+,.{digits}f}]"


def _change(share: float, low: float, high: float) -> str:
    return f"{share:+.2%}" if low > 0 or high < 0 else f"{share:+.2%}, as good as 0"
