"""How measuring tells what it is doing; the command shows it, tests ignore it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A listener to long work."""

    def stage(self, title: str, total: int) -> None:
        """A stage of `total` steps begins."""

    def step(self, note: str = "") -> None:
        """A step is done; the note says what comes next."""

    def say(self, text: str) -> None:
        """A line worth keeping."""


class Silent:
    """Shows nothing."""

    def stage(self, title: str, total: int) -> None:
        """Ignore."""

    def step(self, note: str = "") -> None:
        """Ignore."""

    def say(self, text: str) -> None:
        """Ignore."""
