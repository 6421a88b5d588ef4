"""Writes all reports of a run into its folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tradeoff.judge.summary import Summary
from tradeoff.record.folder import disk_error
from tradeoff.report.files import HTML, JUNIT, MARKDOWN, SARIF, SUMMARY
from tradeoff.report.html import render_html
from tradeoff.report.junit import render_junit
from tradeoff.report.markdown import render_markdown
from tradeoff.report.sarif import render_sarif


def render_summary(summary: Summary) -> str:
    """The summary itself, as JSON."""
    return summary.model_dump_json(indent=1) + "\n"


REPORTS: dict[str, Callable[[Summary], str]] = {
    HTML: render_html,
    MARKDOWN: render_markdown,
    JUNIT: render_junit,
    SARIF: render_sarif,
    SUMMARY: render_summary,
}


def write_reports(summary: Summary, folder: Path) -> list[Path]:
    """Write every report; a reader sees each as it was before or as it is now, never a part of it.

    Raises:
        TradeoffError: the disk is full or refuses.
    """
    texts = {folder / name: render(summary) for name, render in REPORTS.items()}
    for path, text in texts.items():
        _replace(path, text)
    return list(texts)


def _replace(path: Path, text: str) -> None:
    """Write beside the file, then rename."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            temporary.write_text(text, encoding="utf-8", newline="\n")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise disk_error(path, error) from None
