"""Plays findings of an earlier run again, through the guard."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from security.guard import Authorization, Pinned, allow
from security.probe.client import Sources
from security.probe.outcome import Outcome, Result, presentable
from security.regression.player import play

TIMEOUT_S = 10.0


class NoFindingError(ValueError):
    """There is no such finding; the message says where was looked."""


def find(finding: str) -> list[Mapping[str, Any]]:
    """The findings that `RESULT` or `RESULT#ID` names, RESULT being a file that `probe --json` printed into."""
    file, _, wanted = finding.partition("#")
    try:
        read = json.loads(Path(file).read_text(encoding="utf-8"))
        known = [one for one in read["findings"] if isinstance(one.get("script"), dict)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoFindingError(
            f"{file} holds no findings of `tradeoff probe --json` ({type(error).__name__})."
        ) from error
    chosen = [one for one in known if wanted in ("", one["id"])]
    if not chosen:
        raise NoFindingError(
            f"{file} holds no finding {wanted}; it has {', '.join(one['id'] for one in known) or 'none'}."
        )
    return chosen


def replay(
    url: str, findings: Iterable[Mapping[str, Any]], authorization: Authorization | None = None
) -> Iterator[Outcome]:
    """Play each finding and yield its outcome: succeeded where the flaw is still there.

    Raises:
        Refused: the target is neither loopback nor authorised.
    """
    pinned = allow(url, authorization)
    return (_replayed(pinned, one) for one in findings)


def _replayed(pinned: Pinned, finding: Mapping[str, Any]) -> Outcome:
    began, sources = time.monotonic(), Sources(pinned)
    sent: list[httpx.Request] = []

    def connect(_: str) -> httpx.Client:
        return httpx.Client(
            base_url=pinned.base_url,
            headers={"host": pinned.host_header},
            transport=httpx.HTTPTransport(local_address=sources.take()),
            follow_redirects=False,
            trust_env=False,
            timeout=TIMEOUT_S,
            event_hooks={"request": [sent.append]},
        )

    try:
        there = play(finding["script"], connect)
        result = Result.SUCCEEDED if there else Result.STOPPED
        evidence = str(finding["evidence"]) if there else "The requests that proved the flaw no longer show it."
    except KeyError as error:
        result, evidence = (
            Result.COULD_NOT_RUN,
            f"The environment lacks {error.args[0]}, which must not stand in a file.",
        )
    except (httpx.HTTPError, ValueError, LookupError) as error:
        result, evidence = Result.COULD_NOT_RUN, f"{type(error).__name__}: {error}"
    return Outcome(
        probe=f"{finding['check']}-{finding['id']}",
        control=str(finding["control"]),
        api=next(iter(finding["owasp"]), None),
        result=result,
        evidence=presentable(evidence),
        requests=len(sent),
        seconds=time.monotonic() - began,
    )
