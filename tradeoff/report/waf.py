"""The WAF's score in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from security.share import Share
from security.waf.score import Score

WORDS = {"attack": "attacks blocked", "benign": "benign let pass"}


def shown(share: Share) -> str:
    """A share with its interval, in per cent: `51 % [48, 54] of 878`."""
    return f"{share.share:.0%} [{share.low * 100:.0f}, {share.high * 100:.0f}] of {share.total}".replace("%", " %")


def print_score(score: Score, console: Console) -> None:
    """Both shares, and the share of each class, place and encoding."""
    table = Table("", "by", "", "share [95 %]")
    for group in score.groups:
        table.add_row(WORDS[group.kind], group.by, group.name, shown(group.share))
    console.print(table)
    console.print(f"attacks blocked {shown(score.blocked)}; benign let pass {shown(score.let_pass)}", markup=False)
    console.print(f"{score.target}: {score.requests} requests in {score.seconds:.1f} s", markup=False)
    if score.unreachable:
        console.print(f"{score.unreachable} requests were not answered: they count as neither", style="bold red")
