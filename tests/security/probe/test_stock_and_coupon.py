"""The probe of doubled orders against a small shop: a flaw that no level of the reference backend has."""

from itertools import count
from threading import Lock
from typing import Any

import pytest

from security.probe.outcome import Result
from security.probe.suite import run_suite
from tests.security.probe.small_server import Answer, Request, serving, target_at


class Shop:
    """Keeps orders of its one buyer; `keyed` if an idempotency key counts once."""

    def __init__(self, *, keyed: bool) -> None:
        self._keyed = keyed
        self._orders: dict[object, dict[str, Any]] = {}
        self._numbers = count(1)
        self._lock = Lock()
        self._code = ""

    def __call__(self, request: Request) -> Answer:
        path = request.path.partition("?")[0]
        return getattr(self, f"{request.method.lower()}_{path.rpartition('/')[2]}", lambda _: Answer())(request)

    def post_users(self, _request: Request) -> Answer:
        return Answer(201, {"user": {"token": "t"}})

    def post_articles(self, _request: Request) -> Answer:
        return Answer(201, {"article": {"slug": "it"}})

    def post_coupons(self, request: Request) -> Answer:
        self._code = request.body["coupon"]["code"]
        return Answer(201, {})

    def get_coupons(self, _request: Request) -> Answer:
        return Answer(200, {"coupons": [{"code": self._code, "used": len(self._orders)}]})

    def post_orders(self, request: Request) -> Answer:
        with self._lock:
            number = next(self._numbers)
            key = request.headers["Idempotency-Key"] if self._keyed else number
            order = self._orders.setdefault(key, {"id": number, "slug": "it", "status": "paid"})
        return Answer(201, {"order": order})

    def get_orders(self, _request: Request) -> Answer:
        return Answer(200, {"orders": [*self._orders.values()]})


@pytest.mark.parametrize(("keyed", "result"), [(True, Result.STOPPED), (False, Result.SUCCEEDED)])
def test_orders_are_counted(keyed: bool, result: Result) -> None:
    """Eleven requests under one key: one order, or eleven."""
    with serving(Shop(keyed=keyed)) as url:
        (outcome,) = run_suite(target_at(url), ["order_doubled"])
    assert (outcome.result, f"orders {1 if keyed else 11}" in outcome.evidence) == (result, True), outcome.evidence
