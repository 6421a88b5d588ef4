"""The report as Markdown, for pull requests: the table, the verdict, what was not measured."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tradeoff.judge.summary import Row, Summary
from tradeoff.report import units
from tradeoff.report.answers import answers, headline
from tradeoff.report.harder import harder_title
from tradeoff.report.trust import twin_sentence
from tradeoff.report.waf_curve import price_text, waf_title
from tradeoff.report.words import (
    attacks_text,
    counted,
    decision_text,
    domination_text,
    gaps_by_reason,
    listed,
    mix_price,
    needs_reason,
    ordered,
    plain,
    request_price,
    row_label,
    sentence,
)

TITLES = ("factor", "attacks stopped", "CPU added, per protected request", "over your mix", "decide")
# What Markdown, or the HTML within it, would take for markup. An underscore within a name is none, nor is a bracket
# that no address follows: intervals stay readable in the source.
_MARKUP = re.compile(r"([\\`*<>|#~&]|\](?=\()|^\[|(?<!\w)_|_(?!\w))")


def render_markdown(summary: Summary) -> str:
    """The report as one Markdown document."""
    parts = [
        f"## {_text(headline(summary))}",
        *_answers(summary),
        *_table(ordered(summary.rows)),
        f"**Verdict: {summary.verdict}.** {' '.join(_text(sentence(one)) for one in summary.verdict_reasons)}",
        *_dominations(summary),
        *_harder(summary),
        *_waf(summary),
        *_blocks(summary),
        *_gaps(summary),
        _footer(summary),
    ]
    return "\n\n".join(parts) + "\n"


def _answers(summary: Summary) -> list[str]:
    said = [f"- **{answer.lead}** {_text(answer.text)}" for answer in answers(summary)]
    return ["\n".join(said)] if said else []


def _table(rows: Sequence[Row]) -> list[str]:
    if not rows:
        return []
    lines = [TITLES, ("---",) * len(TITLES), *(_cells(row) for row in rows)]
    return ["\n".join(f"| {' | '.join(cells)} |" for cells in lines)]


def _cells(row: Row) -> tuple[str, ...]:
    decision = f"**{decision_text(row)}**"
    if needs_reason(row):
        decision += f": {_text(sentence(row.reason))}"
    cells = (row_label(row), attacks_text(row), request_price(row).text, mix_price(row).text)
    return (*(_text(cell) for cell in cells), decision)


def _blocks(summary: Summary) -> list[str]:
    said = [
        f"- block {block.name}: {counted(block.epochs, 'epoch')}, {counted(block.requests, 'request')}, "
        f"target core {units.percent(block.utilisation)} used; "
        + (f"void: {block.void}" if block.void else f"A/A check: {twin_sentence(block)}")
        for block in summary.blocks
    ]
    return ["\n".join(f"- {_text(line[2:])}" for line in said)] if said else []


def _dominations(summary: Summary) -> list[str]:
    """Strong levels that are as strong as another, and cheaper."""
    lines = [f"- {_text(sentence(domination_text(one)))}" for one in summary.dominations]
    return ["### As strong, and cheaper", "\n".join(lines)] if lines else []


def _harder(summary: Summary) -> list[str]:
    """What the attacks under load and at scale showed."""
    if not summary.under:
        return []
    standing = {True: "as declared", False: "**undeclared**"}
    said = [f"- {_text(one.sentence)} ({standing[one.declared]})." for one in summary.openings]
    return [f"### {_text(harder_title(summary))}", *(["\n".join(said)] if said else [])]


def _waf(summary: Summary) -> list[str]:
    """The levels of the WAF."""
    lines = [
        f"- {_text(point.level)}: {point.blocked.value:.0%} of {counted(point.attacks, 'attack')} blocked, "
        f"{point.let_pass.value:.0%} of {counted(point.benign, 'benign request')} let pass; {_text(price_text(point))}"
        for point in summary.waf
    ]
    return [f"### {_text(waf_title(summary.waf))}", "\n".join(lines)] if lines else []


def _gaps(summary: Summary) -> list[str]:
    gaps = [f"- {_text(listed(names))}: {_text(sentence(why))}" for why, names in gaps_by_reason(summary).items()]
    return ["### Not measured", "\n".join(gaps)] if gaps else []


def _footer(summary: Summary) -> str:
    mix = ", ".join(f"{plain(name)} {units.percent(share)}" for name, share in summary.mix.items())
    facts = "; ".join(f"{plain(name)}: {value}" for name, value in summary.environment.items())
    run = f"{summary.target}, {summary.plan} plan, {units.elapsed(summary.seconds)}, run {summary.run}. Mix: {mix}."
    return f"<sub>{_text(run)} Intervals are at 95 %. {_text(facts)}</sub>"


def _text(text: str) -> str:
    """The text so that Markdown shows it as it is, on one line."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
