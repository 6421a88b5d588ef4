"""The log-in probes against small servers, one throttle each: flaws that the reference backend lacks, too."""

from collections import Counter
from collections.abc import Callable

import pytest

from security.probe.outcome import Result
from security.probe.suite import run_suite
from tests.security.probe.small_server import Answer, Request, serving, target_at

BUDGET = 10
LOG_IN_PROBES = ["password_guessing", "password_spraying", "owner_lockout", "throttle_multiplied"]


class Throttle:
    """A log-in that counts wrong passwords by `key` and refuses beyond the budget."""

    def __init__(self, key: Callable[[Request], object], refuses_right_ones: bool = True) -> None:
        self._key = key
        self._refuses_right_ones = refuses_right_ones
        self._wrong: Counter[object] = Counter()

    def __call__(self, request: Request) -> Answer:
        email, password = (request.body["user"][name] for name in ("email", "password"))
        number = email.removeprefix("reader").removesuffix("@example.test")
        right = password == f"correct-horse-{number}"
        key = self._key(request)
        if self._wrong[key] >= BUDGET and (self._refuses_right_ones or not right):
            return Answer(429, {"errors": {}})
        if right:
            return Answer(200, {"user": {"token": "t"}})
        self._wrong[key] += 1
        return Answer(401, {"errors": {}})


def results(answer: Callable[[Request], Answer], workers: int = 1) -> dict[str, Result]:
    with serving(answer) as url:
        return {outcome.probe: outcome.result for outcome in run_suite(target_at(url, workers=workers), LOG_IN_PROBES)}


def account_of(request: Request) -> object:
    return request.body["user"]["email"]


THROTTLES = {
    "none": (lambda request: object(), {"password_guessing", "password_spraying"}),
    "by account": (account_of, {"password_spraying", "owner_lockout"}),
    "by address": (lambda request: request.peer, set()),
    "by account and address": (lambda request: (account_of(request), request.peer), {"password_spraying"}),
    "by connection": (lambda request: (account_of(request), request.connection), {"password_spraying"}),
}


@pytest.mark.parametrize("name", THROTTLES)
def test_each_throttle_is_broken_by_its_own_attacks(name: str) -> None:
    """A budget by account locks the owner out, one by account and address lets spraying through, and so on."""
    key, broken = THROTTLES[name]
    answered = results(Throttle(key))
    assert {probe for probe, result in answered.items() if result is Result.SUCCEEDED} == broken
    assert Result.COULD_NOT_RUN not in answered.values()


def test_a_budget_that_new_connections_renew_is_multiplied() -> None:
    """A budget that does not follow the attacker onto a new connection is as good as none."""
    assert results(Throttle(THROTTLES["by connection"][0]), workers=2)["throttle_multiplied"] is Result.SUCCEEDED


def test_a_budget_by_worker_is_multiplied() -> None:
    """Two workers, of which the kernel hands one a connection in eight: the second budget is found and spent."""
    keys = THROTTLES["by account and address"][0]
    workers = [Throttle(keys), Throttle(keys)]
    answered = results(lambda request: workers[request.connection % 8 == 0](request), workers=2)
    assert answered["throttle_multiplied"] is Result.SUCCEEDED


def test_a_common_budget_is_not_multiplied() -> None:
    """The same with a common budget: no new connection has more tries."""
    answered = results(Throttle(THROTTLES["by account and address"][0]), workers=2)
    assert answered["throttle_multiplied"] is Result.STOPPED


def test_without_a_budget_there_is_nothing_to_multiply() -> None:
    """No throttle at all is the other probes' matter."""
    assert results(Throttle(THROTTLES["none"][0]), workers=2)["throttle_multiplied"] is Result.NOT_APPLICABLE


def test_wrong_passwords_that_break_the_server_leave_the_question_open() -> None:
    """A 500 is neither a wrong password nor a refusal."""
    throttle = Throttle(account_of)
    answered = results(lambda request: Answer(500) if throttle(request).status == 429 else throttle(request))
    assert answered["password_guessing"] is Result.COULD_NOT_RUN
