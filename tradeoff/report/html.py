"""The report as one self-contained page: no network, no chart library, readable without scripts."""

from __future__ import annotations

from tradeoff.judge.summary import ArmPrice, Summary
from tradeoff.report import units, words
from tradeoff.report.answers import answers, headline
from tradeoff.report.attack_matrix import attack_matrix
from tradeoff.report.frontier import frontier
from tradeoff.report.harder import harder
from tradeoff.report.mix import mix_editor
from tradeoff.report.page import template
from tradeoff.report.price_list import price_list
from tradeoff.report.scan_view import scan_view
from tradeoff.report.trust import added_share, twin_check
from tradeoff.report.waf_curve import waf_curve


def render_html(summary: Summary) -> str:
    """The page."""
    return template("report.html.j2").render(
        summary=summary,
        started=f"{summary.started:%Y-%m-%d %H:%M} UTC",
        headline=headline(summary),
        answers=answers(summary),
        rows=words.ordered(summary.rows),
        words=words,
        prices=price_list(summary),
        arm_cells=arm_cells,
        attacks=attack_matrix(summary),
        harder=harder(summary),
        waf=waf_curve(summary),
        frontier=frontier(summary),
        mix=mix_editor(summary),
        twins=twin_check(summary),
        scan=scan_view(summary.scan) if summary.scan else None,
        gaps=words.gaps_by_reason(summary),
    )


def arm_cells(price: ArmPrice, journeys: list[str]) -> list[str]:
    """What an arm adds: over the mix as a share and per request, then per request of each journey."""
    if price.ratio is None or price.added_us is None:
        return []
    found = [price.journeys.get(journey) for journey in journeys]
    return [
        units.percent_interval(added_share(price.ratio)),
        units.duration_interval(price.added_us),
        *(units.duration_interval(one.added_us) if one else "–" for one in found),
    ]
