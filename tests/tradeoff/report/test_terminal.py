import io
from pathlib import Path

import pytest
from rich.console import Console

from tests.tradeoff.report import builder
from tradeoff.judge.summary import Summary
from tradeoff.report.files import HTML, SUMMARY
from tradeoff.report.terminal import print_summary


def printed(summary: Summary, folder: Path, width: int = 80) -> str:
    out = io.StringIO()
    print_summary(summary, Console(file=out, width=width), folder)
    return out.getvalue()


def test_it_opens_with_the_table(tmp_path: Path) -> None:
    """Controls stand first, the dearest leading, then the optimisations with the trap marked."""
    lines = printed(builder.quick_summary(), tmp_path, width=200).splitlines()
    rows = [line.split()[0] for line in lines[4:13]]
    assert rows == [
        "password_hash", "token_signature", "login_throttle", "object_authz", "sql", "errors_and_docs",
        "response_fields", "response_cache", "query_shape",
    ]  # fmt: skip
    assert "1 of 1" in lines[4]
    assert "+41.9 ms [41.5, 42.3] a log-in" in lines[4]
    assert "+48.5 % [47.9, 49.0]" in lines[4]
    assert "not distinguishable from 0 [-10, 16 µs] an author's request" in lines[7]
    assert "TRAP: shared_key saves CPU, and cached draft succeeds." in lines[11]


@pytest.mark.parametrize("make", [builder.quick_summary, builder.broken, builder.everything_void, builder.long_labels])
def test_it_fits_eighty_columns_and_needs_no_colour(make: "object", tmp_path: Path) -> None:
    """Without a terminal there is no escape sequence, no line is longer than 80, and no cell is cut."""
    text = printed(make(), tmp_path)  # type: ignore[operator]  # one of the builder's functions
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text


def test_a_narrow_terminal_gives_reasons_below_the_table(tmp_path: Path) -> None:
    """At 80 columns a trap's reason is still there, after the table."""
    text = " ".join(printed(builder.quick_summary(), tmp_path).split())
    assert "TRAP response_cache = shared_key: shared_key saves CPU, and cached draft succeeds." in text


def test_it_says_how_far_it_can_be_trusted(tmp_path: Path) -> None:
    """Verdict, epochs, utilisation and the A/A check follow the table."""
    text = " ".join(printed(builder.quick_summary(), tmp_path).split())
    assert "verdict: pass (quick plan, 4 min 28 s, 1,000 articles)" in text
    assert "block factors: 8 epochs, 211,200 requests, core 52 % used (at most 61 %)" in text
    assert "A/A check: the twin, an identical build, reads +0.1 % [-0.4, 0.6]: no difference" in text
    assert "login_throttle = per_process: its weakness shows with 2 workers or more." in text


def test_a_twin_that_differs_is_said(tmp_path: Path) -> None:
    """A twin whose interval excludes 0 is not passed over."""
    off = builder.twin_price().model_copy(update={"ratio": builder.interval(1.02, 0.005)})
    summary = builder.quick_summary().model_copy(update={"blocks": [builder.block(twin=off)]})
    assert "reads +2.0 % [1.5, 2.5], which excludes 0." in " ".join(printed(summary, tmp_path).split())


def test_void_and_undeclared_are_loud(tmp_path: Path) -> None:
    """A void block shows its reason; an attack that nothing declares is shown with its evidence."""
    assert "void: the target core was used 91%" in " ".join(printed(builder.everything_void(), tmp_path).split())
    text = " ".join(printed(builder.broken(), tmp_path).split())
    assert "undeclared: cached_draft succeeded on hardened: GET /api/articles answered 200" in text


def test_it_ends_with_the_files_that_are_there(tmp_path: Path) -> None:
    """Only files that were written are named, unbroken even where they are longer than the line."""
    folder = tmp_path / ("a" * 90)
    folder.mkdir()
    (folder / HTML).touch()
    lines = printed(builder.quick_summary(), folder).splitlines()
    assert str(folder / HTML) in lines
    assert not any(SUMMARY in line for line in lines)


def test_names_of_the_target_are_no_markup(tmp_path: Path) -> None:
    """A level called [bold] is printed as it is."""
    assert "password_hash[/red]" in printed(builder.hostile("[/red]"), tmp_path, width=300)
