"""A locustfile of one page: `locust -f loadtests/page.py --host URL --page /path --arrivals '2000/s for 10s'`.

The lightest user there is, to see what a generator can drive (`tradeoff doctor`, `make bench`) and what a page bears.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any

from locust import User, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment

from loadtests.authority import permitted
from loadtests.client import Client, NoAnswer
from loadtests.crew import current_arrival
from loadtests.engine import option_of
from loadtests.extension import extend
from loadtests.recorder import NO_ANSWER, RECORDED, RECORDER, Series
from loadtests.steps import Step

TIMEOUT_S = 10.0


def declare_options(parser: LocustArgumentParser, **_: Any) -> None:
    """Which page."""
    option_of(parser)("--page", default="/", metavar="PATH", help="The page to get.")


class PageUser(User):
    """Gets the page."""

    reentrant = True
    journey = "page"

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        options: Any = environment.parsed_options
        place, _ = permitted(environment.host, options)
        self._client = Client(place, None, TIMEOUT_S)
        self._step = Step(f"GET {options.page}", "GET", options.page)
        self._fire: Any = environment.events.request.fire

    @task
    def get(self) -> None:
        """One request."""
        arrival, sent_ns = current_arrival(), time.monotonic_ns()
        status, size, problem = NO_ANSWER, 0, None
        try:
            answer = self._client.send(self._step)
            status, size = str(answer.status), len(answer.body)
            if answer.status != HTTPStatus.OK:
                problem = NoAnswer(f"status {status}")
        except NoAnswer as error:
            problem = error
        now_ns = time.monotonic_ns()
        stage, due_ns = (arrival.stage, arrival.due_ns) if arrival else (RECORDER.stage(), sent_ns)
        series = Series(stage, RECORDER.arm, self.journey, self._step.name, status, problem is not None)
        RECORDER.record(series, now_ns - due_ns, now_ns - sent_ns)
        self._fire(
            request_type="GET",
            name=self._step.path,
            response_time=(now_ns - due_ns) / 1e6,
            response_length=size,
            response=None,
            context=RECORDED,
            exception=problem,
        )


events.init_command_line_parser.add_listener(declare_options)  # type: ignore[no-untyped-call]  # typed in part
extend()
