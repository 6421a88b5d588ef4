"""Nothing that was measured is lost: not to a killed writer, not to a full disk."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tradeoff.record.events import BlockEnded, NotMeasured
from tradeoff.record.folder import EVENTS, EventLog, find_run, new_run_folder, read_events
from tradeoff.target.errors import TradeoffError


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 64 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        reason = f"a small disk can't be mounted here: {mounted.stderr.strip()}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    yield place
    subprocess.run(["umount", str(place)], check=True)


def fill(log: EventLog, written: Iterator[int]) -> None:
    """Append, and count, until the disk refuses."""
    for _ in range(1000):
        log.append(NotMeasured(subject="x", reason="y" * 500))
        next(written)


def test_what_is_appended_is_read_back(tmp_path: Path) -> None:
    """Events come back equal and in order."""
    events = [BlockEnded(block="a"), NotMeasured(subject="b", reason="c")]
    with EventLog(tmp_path) as log:
        for event in events:
            log.append(event)
    assert list(read_events(tmp_path)) == events


def test_a_torn_last_line_is_left_out_and_cut_off_before_writing_on(tmp_path: Path) -> None:
    """A writer killed in the middle of a line costs that line alone."""
    with EventLog(tmp_path) as log:
        log.append(BlockEnded(block="a"))
    with (tmp_path / EVENTS).open("ab") as file:
        file.write(b'{"event": "block_en')
    assert [event.event for event in read_events(tmp_path)] == ["block_ended"]
    with EventLog(tmp_path) as log:
        log.append(BlockEnded(block="b"))
    assert [event.block for event in read_events(tmp_path) if isinstance(event, BlockEnded)] == ["a", "b"]


def test_a_full_disk_ends_in_a_sentence_and_keeps_whole_lines(small_disk: Path) -> None:
    """On a disk of 64 KiB: the error says so, and every line that was written before can be read."""
    written = itertools.count()
    with EventLog(small_disk) as log, pytest.raises(TradeoffError, match=r"disk that holds .* is full"):
        fill(log, written)
    total = next(written)
    assert total > 10
    assert len(list(read_events(small_disk))) == total


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    """A second tradeoff on the same run is told, not mixed in."""
    with EventLog(tmp_path), pytest.raises(TradeoffError, match="another tradeoff"):
        EventLog(tmp_path)


def test_a_line_that_is_no_event_is_named(tmp_path: Path) -> None:
    """A damaged file says where."""
    (tmp_path / EVENTS).write_text('{"event": "unheard_of"}\n', encoding="utf-8")
    with pytest.raises(TradeoffError, match="line 1"):
        list(read_events(tmp_path))


def test_a_run_is_found_by_a_part_of_its_name(tmp_path: Path) -> None:
    """`latest` and a unique part do; an unknown one says what to do."""
    folder = new_run_folder(tmp_path, "quick")
    EventLog(folder).close()
    assert find_run("latest", tmp_path) == folder
    assert find_run(folder.name[-6:], tmp_path) == folder
    with pytest.raises(TradeoffError, match="tradeoff list"):
        find_run("nothing-like-it", tmp_path)
