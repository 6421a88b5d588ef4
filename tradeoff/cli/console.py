"""Progress on standard error: bars with the time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from tradeoff.measure.progress import Progress as Listener

PLAIN_LINE_EVERY_S = 5.0


@contextmanager
def shown_progress() -> Iterator[Listener]:
    """A listener that shows what it hears until the block ends."""
    if not sys.stderr.isatty():
        yield PlainLines()
        return
    bars = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=Console(stderr=True),
        transient=True,
    )
    with bars:
        yield Bars(bars)


class Bars:
    """One bar a stage."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task = bars.add_task("starting", total=None, note="")

    def stage(self, title: str, total: int) -> None:
        """Begin a new bar."""
        self._bars.remove_task(self._task)
        self._task = self._bars.add_task(title, total=total, note="")

    def step(self, note: str = "") -> None:
        """Move the bar."""
        self._bars.update(self._task, advance=1, note=note)

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self._bars.console.print(text, markup=False, highlight=False)


class PlainLines:
    """A line at the beginning of a stage and at most one every few seconds within it."""

    def __init__(self) -> None:
        self._began = self._spoke = time.monotonic()
        self._stage_began, self._title, self._total, self._done = self._began, "", 0, 0

    def stage(self, title: str, total: int) -> None:
        """Say what begins."""
        self._stage_began, self._title, self._total, self._done = time.monotonic(), title, total, 0
        self.say(f"{title}: {total} steps")

    def step(self, note: str = "") -> None:
        """Count a step; speak when it is time to."""
        self._done += 1
        now = time.monotonic()
        if now - self._spoke >= PLAIN_LINE_EVERY_S or self._done == self._total:
            left = (now - self._stage_began) / self._done * max(self._total - self._done, 0)
            self.say(f"{self._title}: {self._done} of {self._total}, about {left:.0f} s left  {note}".rstrip())

    def say(self, text: str) -> None:
        """Print a line with the seconds since the start."""
        self._spoke = time.monotonic()
        sys.stderr.write(f"[{self._spoke - self._began:6.1f} s] {text}\n")
        sys.stderr.flush()
