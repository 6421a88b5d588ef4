"""What a WAF is worth: the share of attacks that it blocks and the share of benign requests that it lets pass.

A request counts as blocked only where the answer carries the WAF's own mark. The backend's 401, 404 or 422 says that
the request came through; no answer, or a gateway's word that there is nobody behind it, says nothing at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from security.corpus.model import Case, Kind
from security.guard import Authorization, Pinned, allow
from security.probe.client import Meter
from security.share import Share, wilson
from security.waf.wire import Answer, Wire

#: Connections at a time; one where the owner of the target caps the rate.
AT_ONCE: Final = 8
#: The answers of a gateway that did not reach the backend.
NOBODY: Final = frozenset({502, 504})

Mark = tuple[str, str]


class Result(StrEnum):
    """What became of one request."""

    BLOCKED = "blocked"
    PASSED = "passed"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True)
class Played:
    """A case and what became of it; `status` is None where there was no answer."""

    case: Case
    result: Result
    status: int | None

    @property
    def good(self) -> bool:
        """Whether this is what a WAF is for: an attack blocked, a benign request let pass."""
        return self.result is (Result.BLOCKED if self.case.kind == "attack" else Result.PASSED)


@dataclass(frozen=True)
class Group:
    """Cases that have something in common: the share of attacks blocked, or of benign requests let pass."""

    kind: Kind
    by: str
    name: str
    share: Share


@dataclass(frozen=True)
class Score:
    """Both shares over the whole corpus and over its parts. What was unreachable counts as neither."""

    target: str
    requests: int
    seconds: float
    unreachable: int
    blocked: Share
    let_pass: Share
    groups: tuple[Group, ...]

    def as_json(self) -> dict[str, Any]:
        """The score as a JSON object."""
        return {"schema": 1, **asdict(self)}


#: What groups go by.
GROUPINGS: Final[dict[str, Callable[[Case], str]]] = {
    "class": lambda case: case.category,
    "place": lambda case: case.place,
    "encoding": lambda case: case.encoding,
}


def play(
    url: str, cases: Sequence[Case], mark: Mark, authorization: Authorization | None = None, *, timeout_s: float = 10.0
) -> list[Played]:
    """Send every case to the target, over a few connections, and see what became of it.

    Raises:
        Refused: the target is neither loopback nor authorised.
    """
    pinned = allow(url, authorization)
    rate = authorization.max_rate if authorization else None
    at_once = 1 if rate else AT_ONCE
    with ThreadPoolExecutor(at_once, thread_name_prefix="waf") as pool:
        slices = [cases[start::at_once] for start in range(at_once)]
        done = pool.map(lambda part: _play_some(pinned, part, mark, Meter(rate), timeout_s), slices)
        return [played for part in done for played in part]


def _play_some(pinned: Pinned, cases: Sequence[Case], mark: Mark, meter: Meter, timeout_s: float) -> list[Played]:
    played = []
    with Wire(pinned, timeout_s=timeout_s) as wire:
        for case in cases:
            meter.pass_one()
            answer = wire.ask(case.request)
            played.append(Played(case, _result(answer, mark), answer.status if answer else None))
    return played


def _result(answer: Answer | None, mark: Mark) -> Result:
    if answer is None or answer.status in NOBODY:
        return Result.UNREACHABLE
    name, value = mark
    return Result.BLOCKED if answer.headers.get(name.lower()) == value else Result.PASSED


def score(target: str, played: Sequence[Played], seconds: float) -> Score:
    """Count what became of the cases, whole and by group."""
    return Score(
        target=target,
        requests=len(played),
        seconds=seconds,
        unreachable=sum(one.result is Result.UNREACHABLE for one in played),
        blocked=_share(one for one in played if one.case.kind == "attack"),
        let_pass=_share(one for one in played if one.case.kind == "benign"),
        groups=tuple(_groups(played)),
    )


def _groups(played: Sequence[Played]) -> Iterable[Group]:
    for by, of in GROUPINGS.items():
        parts: dict[tuple[Kind, str], list[Played]] = {}
        for one in played:
            parts.setdefault((one.case.kind, of(one.case)), []).append(one)
        for (kind, name), members in sorted(parts.items()):
            yield Group(kind, by, name, _share(members))


def _share(played: Iterable[Played]) -> Share:
    good = [one.good for one in played]
    return wilson(sum(good), len(good))


def score_target(
    name: str, url: str, cases: Sequence[Case], mark: Mark, authorization: Authorization | None = None
) -> Score:
    """Play the cases against a target and score it; `name` is what the score calls it.

    Raises:
        Refused: the target is neither loopback nor authorised.
    """
    began = time.monotonic()
    played = play(url, cases, mark, authorization)
    return score(name, played, time.monotonic() - began)
