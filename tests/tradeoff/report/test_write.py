import json
import os
import stat
from pathlib import Path

import pytest

from tests.tradeoff.report import builder
from tradeoff.judge.summary import Summary
from tradeoff.report.sarif import render_sarif
from tradeoff.report.write import REPORTS, write_reports
from tradeoff.target.errors import TradeoffError


def test_every_report_is_written_and_nothing_else(tmp_path: Path) -> None:
    """Five files, readable as any other file, and no temporary one is left."""
    written = write_reports(builder.quick_summary(), tmp_path)
    assert {path.name for path in written} == set(REPORTS)
    assert {path.name for path in tmp_path.iterdir()} == set(REPORTS)
    plain = tmp_path / "plain"
    plain.touch()
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {stat.S_IMODE(plain.stat().st_mode)}


def test_the_summary_can_be_read_back(tmp_path: Path) -> None:
    """summary.json holds the summary, whole."""
    summary = builder.broken()
    write_reports(summary, tmp_path)
    assert Summary.model_validate_json((tmp_path / "summary.json").read_bytes()) == summary


def test_writing_again_replaces(tmp_path: Path) -> None:
    """A second report of the same run takes the place of the first."""
    write_reports(builder.interrupted(), tmp_path)
    write_reports(builder.quick_summary(), tmp_path)
    assert "Switch on all seven controls" in (tmp_path / "report.html").read_text()


def test_a_folder_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    """A missing folder is told plainly."""
    with pytest.raises(TradeoffError, match="can't be written"):
        write_reports(builder.quick_summary(), tmp_path / "gone")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_sentence_and_leaves_the_old_report(tmp_path: Path) -> None:
    """Where a write fails for want of space the old file stays whole and no temporary file is left."""
    write_reports(builder.interrupted(), tmp_path)
    before = (tmp_path / "report.html").read_bytes()
    # The temporary file is a link to the device that is always full: its writes fail as on a full disk.
    (tmp_path / f".report.html.{os.getpid()}").symlink_to("/dev/full")
    with pytest.raises(TradeoffError, match=r"^the disk that holds .*report\.html is full: free some space"):
        write_reports(builder.quick_summary(), tmp_path)
    assert (tmp_path / "report.html").read_bytes() == before
    assert not list(tmp_path.glob(".*"))


def test_sarif_holds_findings_and_attacks_with_their_standing() -> None:
    """What a level declares is suppressed with that reason; what nothing declares is not."""
    document = json.loads(render_sarif(builder.broken()))
    runs = {run["tool"]["driver"]["name"]: run["results"] for run in document["runs"]}
    assert document["version"] == "2.1.0"
    open_results = [
        (name, result["ruleId"]) for name, results in runs.items() for result in results if not result["suppressions"]
    ]
    assert open_results == [("tradeoff-scan", "S105"), ("tradeoff-probes", "cached_draft")]
    hashing = next(one for one in runs["tradeoff-probes"] if one["ruleId"] == "fast_password_hash")
    assert hashing["properties"]["control"] == "password_hash"
    assert hashing["properties"]["cwe"] == ["916"]
    assert hashing["properties"]["asvs"] == ["11.4.2"]


def test_sarif_of_a_run_without_findings_is_a_document() -> None:
    """A run that neither scanned nor attacked has no SARIF runs, and is valid JSON."""
    assert json.loads(render_sarif(builder.interrupted()))["runs"] == []
