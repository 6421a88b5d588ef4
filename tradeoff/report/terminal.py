"""The trade-off table and what stands behind it, on a terminal or in plain lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tradeoff.judge.summary import BlockJudged, Decision, Row, Summary, Verdict
from tradeoff.report import units
from tradeoff.report.answers import headline
from tradeoff.report.files import report_files
from tradeoff.report.harder import harder_title
from tradeoff.report.trust import twin_sentence
from tradeoff.report.waf_curve import price_text, waf_title
from tradeoff.report.words import (
    Price,
    attacks_text,
    counted,
    decision_text,
    domination_text,
    gaps_by_reason,
    listed,
    mix_price,
    needs_reason,
    ordered,
    request_price,
    row_label,
    sentence,
)

ROOM_FOR_ONE_LINE = 110
"""Columns from which on a price stands on one line with what it is the price of."""
ROOM_FOR_REASONS = 150
"""Columns from which on a decision's reason stands in the table, not below it."""

COLUMNS = (
    ("\nfactor", 15),
    ("attacks\nstopped", 8),
    ("CPU added,\nper protected request", 26),
    ("over\nyour mix", 14),
    ("\ndecide", 7),
)
"""Titles with the fewest columns that each needs: together, with the gaps, they fit 80."""

DECISION_STYLE: dict[Decision, str] = {
    "keep": "green",
    "review": "yellow",
    "trap": "bold red",
    "no trap seen": "green",
    "not measured": "dim",
}
GOOD = "bold green"
DOUBTFUL: dict[Verdict, str] = {"fail": "bold red", "inconclusive": "bold yellow", "invalid": "bold red"}


def print_summary(summary: Summary, console: Console, folder: Path) -> None:
    """Print the whole report; `folder` is the run folder that holds its files."""
    console.print(Text(headline(summary), "bold"))
    console.print()
    console.print(_table(summary.rows, console.width))
    if console.width < ROOM_FOR_REASONS:
        console.print(Text("\n").join(_reasons(summary.rows)))
    for section in (_verdict, _blocks, _undeclared, _dominations, _harder, _waf, _not_measured):
        for line in section(summary):
            console.print(line, highlight=False)
    console.print()
    for path in report_files(folder):
        console.print(Text(str(path), "dim"), soft_wrap=True, highlight=False)


def _table(rows: Sequence[Row], width: int) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    for title, narrowest in COLUMNS:
        roomy = width >= ROOM_FOR_ONE_LINE
        table.add_column(title, min_width=narrowest, max_width=None if roomy else narrowest + 3, overflow="fold")
    for row in ordered(rows):
        table.add_row(*_cells(row, width))
    return table


def _cells(row: Row, width: int) -> list[Text]:
    decision = Text(decision_text(row), DECISION_STYLE[row.decision])
    if width >= ROOM_FOR_REASONS and needs_reason(row):
        decision.append(f": {row.reason}", "not bold default")
    return [
        Text(row_label(row), "bold"),
        Text(attacks_text(row)),
        _price(request_price(row), width),
        _price(mix_price(row), width),
        decision,
    ]


def _price(price: Price, width: int) -> Text:
    """On one line where there is room, otherwise on two: the interval on the line with less on it."""
    if width >= ROOM_FOR_ONE_LINE:
        text = price.text
    elif price.per and price.certain:
        text = f"{price.figure} {price.bounds}\n{price.per}"
    else:
        text = f"{price.figure}\n{price.bounds} {price.per}".strip()
    return Text(text, "" if price.certain else "dim")


def _reasons(rows: Sequence[Row]) -> list[Text]:
    return [Text()] + [
        Text.assemble((decision_text(row), DECISION_STYLE[row.decision]), f" {row_label(row)}: {sentence(row.reason)}")
        for row in ordered(rows)
        if needs_reason(row)
    ]


def _verdict(summary: Summary) -> list[Text]:
    said = f" of about {units.elapsed(summary.estimate_s)} that were said" if summary.estimate_s else ""
    took = f"{summary.plan} plan, {units.elapsed(summary.seconds)}{said}, {units.count(summary.articles)} articles"
    whole = "" if summary.complete else "; interrupted, so this is a part of it"
    opening = Text.assemble("verdict: ", (summary.verdict, DOUBTFUL.get(summary.verdict, GOOD)), f" ({took}{whole})")
    return [Text(), opening, *(Text(f"  {sentence(reason)}") for reason in summary.verdict_reasons)]


def _blocks(summary: Summary) -> list[Text]:
    lines = [line for block in summary.blocks for line in _block(block)]
    return [Text(), *lines] if lines else []


def _block(block: BlockJudged) -> list[Text]:
    head = (
        f"block {block.name}: {counted(block.epochs, 'epoch')}, {counted(block.requests, 'request')}, "
        f"core {units.percent(block.utilisation)} used (at most {units.percent(block.utilisation_max)})"
    )
    if block.void:
        return [Text.assemble((f"{head}; ", ""), (f"void: {block.void}", "bold red"))]
    return [Text(head), Text(f"  A/A check: {twin_sentence(block)}")]


def _undeclared(summary: Summary) -> list[Text]:
    """Attacks that succeeded although no level declares them."""
    return [
        Text(f"undeclared: {outcome.probe} succeeded on {arm.arm}: {outcome.evidence}", "bold red")
        for arm in summary.attacked
        for outcome in arm.outcomes
        if outcome.result == "succeeded" and not outcome.declared
    ]


def _dominations(summary: Summary) -> list[Text]:
    """Strong levels that are as strong as another, and cheaper."""
    if not summary.dominations:
        return []
    lines = [Text(f"  {sentence(domination_text(one))}") for one in summary.dominations]
    return [Text(), Text("as strong, and cheaper", "bold"), *lines]


def _harder(summary: Summary) -> list[Text]:
    """What opens under load or at scale."""
    if not summary.under:
        return []
    openings = [Text(f"  {sentence(one.sentence)}", "" if one.declared else "bold red") for one in summary.openings]
    return [Text(), Text(harder_title(summary), "bold"), *openings]


def _waf(summary: Summary) -> list[Text]:
    """The levels of the WAF."""
    if not summary.waf:
        return []
    lines = [
        f"  {point.level}: {point.blocked.value:.0%} of attacks blocked, {point.let_pass.value:.0%} of benign requests "
        f"let pass; {price_text(point)}"
        for point in summary.waf
    ]
    return [Text(), Text(waf_title(summary.waf), "bold"), *map(Text, lines)]


def _not_measured(summary: Summary) -> list[Text]:
    if not summary.not_measured:
        return []
    lines = [
        Text.assemble((f"  {listed(subjects)}: ", "bold"), sentence(reason))
        for reason, subjects in gaps_by_reason(summary).items()
    ]
    return [Text(), Text("not measured", "bold"), *lines]
