"""Walks a journey step by step, whoever sends the steps: the one place where a request is timed and judged."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from loadtests.client import NoAnswer
from loadtests.steps import Answer, Step, Steps, UnusableAnswer, Wait


@dataclass(frozen=True, slots=True)
class Observed:
    """One request that was made. `status` is None without an answer; `problem` is None if all is as expected.

    `latency_ns` counts from when it was to be sent, `service_ns` from when it was.
    """

    step: Step | Wait
    status: int | None
    latency_ns: int
    service_ns: int
    size: int
    problem: str | None


def walk(steps: Steps, send: Callable[[Step], Answer], due_ns: int, observe: Callable[[Observed], None]) -> bool:
    """Send a journey's steps until it ends (True) or a step fails (False: the rest is skipped).

    The first step's latency counts from `due_ns` (monotonic), when it was to be sent, so that waiting in the generator
    or behind a frozen target shows (Tene's coordinated omission); a later step is due when the one before was answered.
    """
    with closing(steps):
        step = next(steps)
        while True:
            sent_ns = time.monotonic_ns()
            try:
                answer = Answer(200, step.stream.read(step.until)) if isinstance(step, Wait) else send(step)
            except NoAnswer as error:
                now_ns = time.monotonic_ns()
                observe(Observed(step, None, now_ns - due_ns, now_ns - sent_ns, 0, str(error)))
                return False
            now_ns = time.monotonic_ns()
            following, problem = _next(steps, step, answer)
            observe(Observed(step, answer.status, now_ns - due_ns, now_ns - sent_ns, len(answer.body), problem))
            if following is None:
                return problem is None
            step, due_ns = following, time.monotonic_ns()


def _next(steps: Steps, step: Step | Wait, answer: Answer) -> tuple[Step | Wait | None, str | None]:
    if answer.status not in step.expected:
        return None, f"status {answer.status}"
    try:
        return steps.send(answer), None
    except StopIteration:
        return None, None
    except UnusableAnswer as error:
        return None, str(error)
