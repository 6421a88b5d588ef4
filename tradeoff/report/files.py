"""Names of the files that reporting writes into a run folder."""

from __future__ import annotations

from pathlib import Path

HTML = "report.html"
MARKDOWN = "report.md"
JUNIT = "junit.xml"
SARIF = "findings.sarif"
SUMMARY = "summary.json"


def report_files(folder: Path) -> list[Path]:
    """The reports that stand in the folder, the page first."""
    known = (folder / name for name in (HTML, MARKDOWN, JUNIT, SARIF, SUMMARY))
    return [path for path in known if path.is_file()]
