"""What journeys are made of: steps, their answers, and who comes.

A journey is a generator that yields a step and is sent its answer. It knows no client, clock or tool, so the duet and
the Locust users walk the very same steps. All its choices come from `Visit.seed`: with the same seed, every arm is
asked for the same things, as long as their data are the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, NamedTuple, Protocol

from loadtests.accounts import Account, LogIn, Part

OK = frozenset({200})
CREATED = frozenset({201})
DELETED = frozenset({204})


class UnusableAnswer(Exception):  # noqa: N818 - an outcome of a request like `NoAnswer`, not a defect
    """An answer of the expected status without what the next step needs, such as a list without an article."""


class Content(NamedTuple):
    """A body that is no JSON, and its media type."""

    body: bytes
    media_type: str


class Stream(Protocol):
    """An answer that goes on: its connection stays open until somebody closes it."""

    def read(self, until: bytes) -> bytes:
        """What comes, up to and with the first `until`."""

    def close(self) -> None:
        """Close the connection."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request. `name` is the route's template, so that labels stay few; `signed` sends the credential of `by`.

    With `streams`, the answer is there with its head, and what follows is awaited by a `Wait`.
    """

    name: str
    method: str
    path: str
    json: Any = None
    expected: frozenset[int] = OK
    signed: bool = False
    by: Part = "user"
    content: Content | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    streams: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is sent: `until` is awaited in a stream that an earlier step opened."""

    name: str
    stream: Stream
    until: bytes
    method: str = "EVENT"
    expected: frozenset[int] = OK
    by: Part = "user"


@dataclass(slots=True)
class Answer:
    """Status and body of a response; the body is parsed when a journey asks for something in it."""

    status: int
    body: bytes
    stream: Stream | None = None
    _parsed: Any = field(default=None, repr=False)

    def at(self, *path: str | int) -> Any:
        """What stands at that place of the JSON body, or raise UnusableAnswer."""
        try:
            if self._parsed is None:
                self._parsed = json.loads(self.body)
            found = self._parsed
            for part in path:
                found = found[part]
        except (ValueError, LookupError, TypeError) as error:
            place = ".".join(map(str, path))
            raise UnusableAnswer(f"nothing at {place} of the answer ({type(error).__name__})") from error
        return found

    def text(self, *path: str | int) -> str:
        """A string that stands there, not empty, or raise UnusableAnswer."""
        found = self.at(*path)
        if not isinstance(found, str) or not found:
            raise UnusableAnswer(f"no text at {'.'.join(map(str, path))} of the answer")
        return found

    def entries(self, *path: str | int) -> list[Any]:
        """A list that stands there, not empty, or raise UnusableAnswer."""
        found = self.at(*path)
        if not isinstance(found, list) or not found:
            raise UnusableAnswer(f"no entry at {'.'.join(map(str, path))} of the answer")
        return found


Steps = Generator[Step | Wait, Answer, None]

STEPS = tuple(round(2**64 * (prime**0.5 % 1)) for prime in (2, 3, 5, 7))
"""Irrational fractions of 2**64: multiples of one of them spread evenly over the whole range (Kronecker sequence)."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who comes, and what settles all choices of this arrival: the seed, and its number among arrivals of that seed.

    Arrivals that share a seed choose evenly over what there is (a low-discrepancy sequence, randomly started), so that
    a window of few arrivals meets the dear and the cheap articles in their true proportion. `bystander` is the name of
    an account that nobody logs in to.
    """

    account: Account
    seed: int
    log_in: LogIn = field(default_factory=LogIn)
    arrival: int = 0
    bystander: str = ""

    def choices(self) -> Iterator[int]:
        """Numbers of 64 bits: starts from the seed by SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), then even steps."""
        state = self.seed
        for step in cycle(STEPS):
            state = (state + 0x9E3779B97F4A7C15) % 2**64
            mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
            mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) % 2**64
            yield ((mixed ^ (mixed >> 31)) + self.arrival * step) % 2**64


class Journey(NamedTuple):
    """What one virtual user does, and who takes part in it with a session."""

    steps: Callable[[Visit], Steps]
    cast: tuple[Part, ...] = ("user",)


def pick(number: int, count: int) -> int:
    """An index below `count` from a number of 64 bits, by its leading bits: they carry the even spread."""
    return number * count >> 64


def log_in_step(how: LogIn, account: Account) -> Step:
    """The log-in request of a target, by its template."""
    return Step(how.name, how.method, how.path, how.body(account))


def session_check() -> Step:
    """A cheap request that tells whether a session is still good: 200 if it is."""
    return Step("GET /api/user", "GET", "/api/user", signed=True)
