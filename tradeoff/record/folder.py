"""A run's folder: `runs/<UTC time>-<plan>-<hash>/` with its append-only events.jsonl."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from pydantic import ValidationError

from tradeoff.record.events import AnyEvent, Event, parse_event
from tradeoff.target.errors import TradeoffError

EVENTS = "events.jsonl"


def new_run_folder(out: Path, plan: str) -> Path:
    """Make a run folder with a name that sorts by time.

    Raises:
        TradeoffError: it can't be made (no leave, no space).
    """
    now = datetime.now(UTC)
    tail = hashlib.sha256(f"{now.isoformat()}{os.getpid()}".encode()).hexdigest()[:6]
    folder = out / f"{now:%Y%m%dT%H%M%SZ}-{plan}-{tail}"
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise disk_error(folder, error) from None
    return folder


def disk_error(path: Path, error: OSError) -> TradeoffError:
    """A plain sentence for a disk that refuses."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return TradeoffError(
            f"the disk that holds {path} is full: free some space; `tradeoff resume` goes on from what was recorded"
        )
    return TradeoffError(f"{path} can't be written: {error.strerror}")


def run_folders(out: Path) -> list[Path]:
    """All run folders below `out`, oldest first."""
    if not out.is_dir():
        return []
    return sorted(path for path in out.iterdir() if (path / EVENTS).is_file())


def find_run(name: str, out: Path) -> Path:
    """A run by its path, its name, a part of its name, or `latest`.

    Raises:
        TradeoffError: there is no such run, or the part fits several.
    """
    if (Path(name) / EVENTS).is_file():
        return Path(name)
    known = run_folders(out)
    fitting = known[-1:] if name == "latest" else [path for path in known if name in path.name]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise TradeoffError(f"there is no run {name!r} in {out}: `tradeoff list` shows them")
    raise TradeoffError(f"{name!r} fits {len(fitting)} runs: {', '.join(path.name for path in fitting[:4])}")


class EventLog:
    """Appends events to a run's events.jsonl; one writer at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / EVENTS
        try:
            self._file = self._path.open("ab", buffering=0)
        except OSError as error:
            raise disk_error(self._path, error) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise TradeoffError(f"{folder} is being written by another tradeoff: wait for it or end it") from None
        self._end = _whole_length(self._path)
        self._file.truncate(self._end)

    def append(self, event: Event) -> None:
        """Write one event; it is in the file when this returns.

        Raises:
            TradeoffError: the disk is full or refuses; the file then still ends with a whole event.
        """
        line = event.model_dump_json().encode() + b"\n"
        try:
            written = 0
            while written < len(line):
                written += self._file.write(line[written:]) or 0
        except OSError as error:
            self._file.truncate(self._end)
            raise disk_error(self._path, error) from None
        self._end += len(line)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_events(folder: Path) -> Iterator[AnyEvent]:
    """All whole events of a run, in order. A torn last line (a killed writer) is left out.

    Raises:
        TradeoffError: the file is missing, or a line in it is no event.
    """
    path = folder / EVENTS
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    return
                try:
                    yield parse_event.validate_json(line)
                except ValidationError as error:
                    first = error.errors()[0]
                    raise TradeoffError(f"{path}, line {number} is no event of this version: {first['msg']}") from None
    except OSError as error:
        raise TradeoffError(f"{path} can't be read: {error.strerror}") from None


def _whole_length(path: Path) -> int:
    """Length in bytes up to the last whole line."""
    data = path.read_bytes()
    return data.rfind(b"\n") + 1
