from markdown_it import MarkdownIt

from tests.tradeoff.report import builder
from tradeoff.report.markdown import render_markdown


def html(text: str) -> str:
    return str(MarkdownIt("commonmark").enable("table").render(text))


def table(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_table_has_a_row_a_factor_and_five_cells_each() -> None:
    """The Markdown table is whole: a head, a rule and nine rows of five cells."""
    rows = table(render_markdown(builder.quick_summary()))
    assert {len(row) for row in rows} == {5}
    assert len(rows) == 2 + len(builder.CASES)
    assert rows[2] == ["password_hash", "1 of 1", "+41.9 ms [41.5, 42.3] a log-in", "+48.5 % [47.9, 49.0]", "**keep**"]
    assert rows[9][4] == "**TRAP**: shared_key saves CPU, and cached draft succeeds."


def test_a_reader_of_markdown_sees_a_table() -> None:
    """A real Markdown parser makes one table with ten rows of it."""
    page = html(render_markdown(builder.quick_summary()))
    assert page.count("<table>") == 1
    assert page.count("<tr>") == 1 + len(builder.CASES)


def test_verdict_trust_and_gaps_follow() -> None:
    """Below the table stand the verdict, the A/A check and what was not measured."""
    text = render_markdown(builder.quick_summary())
    assert "**Verdict: pass.** every attack and every static finding came out as declared." in text
    assert "A/A check: the twin, an identical build, reads +0.1 % [-0.4, 0.6]" in text
    assert "- login_throttle = per_process: its weakness shows with 2 workers or more." in text


def test_a_run_without_anything_is_still_a_document() -> None:
    """An interrupted run has no table, but its verdict and its gaps."""
    text = render_markdown(builder.interrupted())
    assert "|" not in text
    assert "**Verdict: invalid.**" in text
    assert "- static scan: the run ended before it." in text


def test_names_of_the_target_are_no_markup() -> None:
    """Pipes, tags and links in names are shown as they are; the table keeps its shape."""
    page = html(render_markdown(builder.hostile("|<script>alert(1)</script>[a](javascript:b) *c* \n# d")))
    assert "<script" not in page
    assert "<a " not in page
    assert "<em>c" not in page
    assert page.count("<h1>") == 0
    assert page.count("<tr>") == 1 + len(builder.CASES)
    assert page.count("<td>") == 5 * len(builder.CASES)
