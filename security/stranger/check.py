"""What a check is, and how it says that something could not be tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from security.stranger.finding import Flaw
from security.stranger.world import World


class NothingToAttackError(Exception):
    """The application has nothing that this attack could be aimed at; the message says what is missing."""


@dataclass(frozen=True)
class Check:
    """One kind of attack: `run` yields flaws as it finds them and counts what it tried in `Tries`.

    `weight` is its share of the budget beside the others', `least` the requests that are kept for it.
    """

    name: str
    title: str
    control: str
    api: str | None
    cwe: tuple[str, ...]
    asvs: tuple[str, ...]
    weight: float
    run: Callable[[World, Tries], Iterator[Flaw]]
    least: int = 0


@dataclass
class Tries:
    """How many places a check has attacked, out of those that it knows."""

    done: int = 0
    of: int = 0
    undecided: str = ""

    def expect(self, places: int) -> None:
        """Say how many more places there are; none at all means that there is nothing to attack."""
        self.of += places

    def count(self, places: int = 1) -> None:
        """Count attacked places."""
        self.done += places
