import json
import re
from collections.abc import Callable

import pytest

from tests.tradeoff.report import builder
from tradeoff.judge.summary import Summary
from tradeoff.report.attack_matrix import attack_matrix
from tradeoff.report.frontier import best_points, frontier
from tradeoff.report.html import render_html
from tradeoff.report.page import set_numbers
from tradeoff.report.price_list import price_list
from tradeoff.report.trust import twin_check

MAKERS = [
    builder.quick_summary,
    builder.broken,
    builder.everything_void,
    builder.attacked_only,
    builder.interrupted,
    builder.long_labels,
]
LARGEST = 2_000_000


@pytest.mark.parametrize("make", MAKERS)
def test_the_page_is_one_small_file_that_names_no_other(make: Callable[[], Summary]) -> None:
    """No address of a script, style, font or picture stands in the page, and it is below 2 MB."""
    page = render_html(make())
    assert len(page.encode()) < LARGEST
    assert re.findall(r"(?:src|srcset|action|data|poster)=|url\(|@import|https?://", page) == []
    assert {found for found in re.findall(r'href="([^"]*)"', page) if not found.startswith("#")} == {"data:,"}


def test_a_run_of_a_hundred_treatments_stays_small() -> None:
    """Five times the treatments of a quick run still make a page below 2 MB."""
    summary = builder.quick_summary()
    arms = [arm.model_copy(update={"arm": f"{arm.arm}{n}"}) for n in range(5) for arm in summary.attacked]
    assert len(render_html(summary.model_copy(update={"attacked": arms})).encode()) < LARGEST


def test_text_of_the_target_never_becomes_markup() -> None:
    """Names, reasons and evidence are escaped, in the page and in the data that the script reads."""
    page = render_html(builder.hostile("</script><img src=x onerror=alert(1)>\"'"))
    assert "<img" not in page
    assert page.count("</script>") == 2
    data = re.search(r'<script type="application/json" id="mix-data">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    assert len(json.loads(data[1])["rows"]) == len(builder.CASES)


def test_the_price_list_names_what_is_dear() -> None:
    """The title is computed: the one control that surely costs more than 1 %, or none, or several."""
    summary = builder.quick_summary()
    assert price_list(summary).title == "Only password_hash surely costs more than 1 % of CPU over your mix"
    cheap = [row for row in summary.rows if row.factor != "password_hash"]
    assert price_list(summary.model_copy(update={"rows": cheap})).title.startswith("No control surely costs")
    assert price_list(builder.everything_void()).title == "No control was priced"
    assert price_list(builder.everything_void()).unpriced != []


def test_whiskers_stand_where_their_numbers_are() -> None:
    """Places on the axis keep the order of the values; what covers zero crosses the zero line and is drawn unsure."""
    picture = price_list(builder.quick_summary())
    places = {row.label: row.whisker for row in picture.rows}
    assert places["response_cache = shared_key"].at < places["response_fields"].at < picture.zero
    assert picture.zero < places["token_signature"].at < places["password_hash"].at
    assert places["object_authz"].low < picture.zero < places["object_authz"].high
    assert [places[name].tone for name in ("object_authz", "token_signature", "response_fields")] == [
        "unsure",
        "cost",
        "gain",
    ]


def test_the_matrix_marks_each_outcome() -> None:
    """Stopped, succeeded as declared, succeeded undeclared, not applicable and could not run are told apart."""
    matrix = attack_matrix(builder.broken())
    column = next(index for index, one in enumerate(matrix.columns) if one.arm == "hardened")
    symbols = {row.probe: row.cells[column].mark.symbol[0] for group in matrix.groups for row in group.rows}
    assert symbols["sql_error"] == "✓"
    assert symbols["cached_draft"] == "‼"
    assert symbols["error_leak"] == "?"
    assert symbols["token_algorithm_swap"] == "–"
    none = next(index for index, one in enumerate(matrix.columns) if one.arm == "none")
    assert (
        next(row for group in matrix.groups for row in group.rows if row.probe == "sql_error").cells[none].mark.symbol
        == "✗"
    )
    assert matrix.title == "1 attack succeeded that no level declares: cached draft"
    assert [group.control for group in matrix.groups] == [case.name for case in builder.CASES]
    assert matrix.groups[0].owasp == "API2"


def test_a_probe_that_was_not_tried_on_an_arm_leaves_its_cell_blank() -> None:
    """A missing outcome is no pass."""
    summary = builder.quick_summary()
    first = summary.attacked[0]
    cut = first.model_copy(update={"outcomes": first.outcomes[1:]})
    matrix = attack_matrix(summary.model_copy(update={"attacked": [cut, *summary.attacked[1:]]}))
    row = next(row for group in matrix.groups for row in group.rows if row.probe == first.outcomes[0].probe)
    assert row.cells[0].mark.meaning == "not tried"
    assert row.cells[0].mark.symbol == ""


def test_the_frontier_is_of_arms_that_nothing_beats() -> None:
    """No arm on the frontier is dearer than another that stops as much, and every other arm is beaten by one."""
    summary = builder.quick_summary()
    points = sorted(summary.frontier, key=lambda one: (-one.stopped / one.tried, -one.tried, one.cpu_us.value))
    best = best_points(points)
    for point in points:
        beaten = any(
            other.stopped / other.tried >= point.stopped / point.tried and other.cpu_us.value < point.cpu_us.value
            for other in points
        )
        assert beaten is (point not in best)


def test_the_frontier_says_what_protection_costs() -> None:
    """Its title gives the CPU at which every attack is stopped and what the cheapest arm saves and lets through."""
    title = frontier(builder.quick_summary()).title
    assert title == (
        "Stopping all 18 attacks takes 1.73 ms of CPU a request; the cheapest arm saves 48 % and lets 1 attack through"
    )
    assert frontier(builder.interrupted()).bands == []


def test_the_twin_is_judged_in_the_title() -> None:
    """An identical build that reads as different is said in the title; one that does not gives the resolution."""
    assert twin_check(builder.quick_summary()).title == "An identical build reads as no different, to within ±0.5 %"
    off = builder.twin_price().model_copy(update={"ratio": builder.interval(1.02, 0.005)})
    summary = builder.quick_summary().model_copy(update={"blocks": [builder.block(twin=off)]})
    assert "reads as different in factors" in twin_check(summary).title


def test_numbers_are_set_with_true_minus_and_do_not_break() -> None:
    """Minus signs stand before numbers only, and figures and intervals hold together."""
    assert set_numbers("-310 µs [-330, -290] a log-in") == "−310\u00a0µs [−330,\u00a0−290] a log-in"
    assert set_numbers("sha-256 of 2026-03-01") == "sha-256 of 2026-03-01"
