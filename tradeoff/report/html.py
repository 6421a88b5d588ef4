"""The report as one self-contained page: no network, no chart library, readable without scripts."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tradeoff.judge.summary import ArmPrice, BlockJudged, Summary
from tradeoff.report import units, words
from tradeoff.report.answers import answers, headline
from tradeoff.report.attack_matrix import attack_matrix
from tradeoff.report.frontier import frontier
from tradeoff.report.mix import mix_editor
from tradeoff.report.price_list import price_list
from tradeoff.report.scan_view import scan_view
from tradeoff.report.trust import added_share, twin_check, twin_sentence

NO_BREAK = "\u00a0"
TEMPLATES = Path(__file__).parent / "templates"


def render_html(summary: Summary) -> str:
    """The page."""
    return _environment().get_template("report.html.j2").render(
        summary=summary,
        headline=headline(summary),
        answers=answers(summary),
        rows=words.ordered(summary.rows),
        prices=price_list(summary),
        attacks=attack_matrix(summary),
        frontier=frontier(summary),
        mix=mix_editor(summary),
        twins=twin_check(summary),
        scan=scan_view(summary.scan) if summary.scan else None,
        gaps=words.gaps_by_reason(summary),
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "numbers": set_numbers,
        "utc": lambda instant: f"{instant:%Y-%m-%d %H:%M} UTC",
        "elapsed": units.elapsed,
        "count": units.count,
        "percent": units.percent,
        "duration": units.duration,
        "plain": words.plain,
        "sentence": words.sentence,
        "listed": words.listed,
    }
    environment.globals |= {
        "row_label": words.row_label,
        "attacks_text": words.attacks_text,
        "decision_text": words.decision_text,
        "request_price": words.request_price,
        "mix_price": words.mix_price,
        "arm_share": arm_share,
        "arm_added": arm_added,
        "journey_added": journey_added,
        "twin_sentence": twin_sentence,
        "block_note": block_note,
    }
    return environment


def set_numbers(text: str) -> str:
    """The text with true minus signs before its numbers, and no line break within a figure or an interval."""
    text = re.sub(r"(?<![\w-])-(?=\d)", "−", text)
    text = re.sub(r"(?<=\d) (?=(?:ns|µs|ms|s|min|h|%)(?!\w))", NO_BREAK, text)
    return re.sub(r"\[[^\]]*\]", lambda found: found.group().replace(" ", NO_BREAK), text)


def arm_share(price: ArmPrice) -> str:
    """What an arm adds over the mix, as a share of the reference's CPU."""
    return units.percent_interval(added_share(price.ratio)) if price.ratio else "–"


def arm_added(price: ArmPrice) -> str:
    """What an arm adds over the mix per request."""
    return units.duration_interval(price.added_us) if price.added_us else "–"


def journey_added(price: ArmPrice, journey: str) -> str:
    """What an arm adds per request of a journey."""
    found = price.journeys.get(journey)
    return units.duration_interval(found.added_us) if found else "–"


def block_note(block: BlockJudged) -> str:
    """Whether a block may be trusted, in a few words."""
    return f"void: {block.void}" if block.void else "valid"
