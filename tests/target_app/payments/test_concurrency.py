"""Claims about many at once and about sudden ends: real servers, on both databases."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.parts.postgres import PostgresCluster
from tests.parts.provider import Provider
from tests.parts.target import TargetServer, empty_sqlite, migrate, run_target

PRICE = 1000
TREATMENT = "hardened,password_hash=sha256"
Start = Callable[..., TargetServer]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database of each kind."""
    if request.param == "sqlite":
        yield empty_sqlite(tmp_path)
        return
    cluster: PostgresCluster = request.getfixturevalue("postgres")
    with cluster.database() as url:
        migrate(url, tmp_path)
        yield url


class Market:
    """What a client does to a real server."""

    def __init__(self, server: TargetServer) -> None:
        self.server = server
        self.http = httpx.Client(base_url=server.url, timeout=20)

    def post(self, path: str, token: str | None, body: dict[str, Any], key: str = "") -> httpx.Response:
        headers = {"Authorization": f"Token {token}"} if token else {}
        return self.http.post(path, json=body, headers=headers | ({"Idempotency-Key": key} if key else {}))

    def get(self, path: str, token: str) -> Any:
        return self.http.get(path, headers={"Authorization": f"Token {token}"}).json()

    def register(self, name: str) -> str:
        user = {"username": name, "email": f"{name}@example.test", "password": "a-long-enough-password"}
        return str(self.post("/api/users", None, {"user": user}).json()["user"]["token"])

    def publish(self, author: str) -> str:
        article = {"title": "T", "description": "D", "body": "B", "price": PRICE}
        return str(self.post("/api/articles", author, {"article": article}).json()["article"]["slug"])

    def ledger(self) -> dict[str, int]:
        found: dict[str, int] = json.loads(run_target("lab", "check-ledger", environment=self.server.environment()))
        return found


@pytest.fixture
def open_market(database: str, start_target: Start, payment_provider: Provider) -> Iterator[Callable[..., Market]]:
    """`open_market(workers=…)`: a server on the test's database, which can sell."""
    with ExitStack() as stack:

        def opened(workers: int = 1) -> Market:
            market = Market(start_target(TREATMENT, database, workers=workers, settings=payment_provider.settings))
            stack.enter_context(market.http)
            return market

        yield opened


def sound(ledger: dict[str, int], transactions: int) -> bool:
    return ledger == dict.fromkeys(ledger, 0) | {"transactions": transactions}


def test_many_at_once(open_market: Callable[..., Market], payment_provider: Provider) -> None:
    """With two workers: of 50 parallel redemptions of a coupon for 5 five succeed, and one key makes one order."""
    market = open_market(workers=2)
    author = market.register("author")
    slug = market.publish(author)
    coupon = {"code": "FIVE", "slug": slug, "percentOff": 50, "uses": 5}
    assert market.post("/api/coupons", author, {"coupon": coupon}).status_code == 201
    charged = payment_provider.control()["charges"]

    with ThreadPoolExecutor(25) as threads:
        buyers = list(threads.map(market.register, [f"b{number}" for number in range(51)]))
        *many, one = buyers

        def ordered(buyer: str, key: str, **coupon: str) -> int:
            return market.post("/api/orders", buyer, {"order": {"slug": slug, **coupon}}, key).status_code

        statuses = list(threads.map(lambda buyer: ordered(buyer, "k", coupon="FIVE"), many))
        doubles = list(threads.map(lambda _: ordered(one, "same"), range(10)))
        others = list(threads.map(lambda key: ordered(one, key), "abcdefgh"))

    assert sorted(statuses) == [201] * 5 + [409] * 45
    assert market.get("/api/coupons", author)["coupons"][0]["used"] == 5
    assert set(doubles) <= {201, 409}
    assert 201 in doubles
    assert others == [409] * 8
    assert market.get("/api/orders", one)["ordersCount"] == 1
    assert payment_provider.control()["charges"] == charged + 6
    assert market.get("/api/balance", author)["balance"]["amount"] == 5 * 450 + 900
    assert sound(market.ledger(), 6)


def test_a_killed_server_loses_no_order(open_market: Callable[..., Market], payment_provider: Provider) -> None:
    """Killed while it waits for the provider; the next one settles the order, which is charged once."""
    market = open_market()
    author, buyer = market.register("author"), market.register("buyer")
    slug = market.publish(author)
    succeeded = payment_provider.control(delay_ms=800)["succeeded"]
    asking = threading.Thread(target=attempt, args=(market, buyer, slug))
    asking.start()
    wait(lambda: market.get("/api/orders", buyer)["ordersCount"] == 1)
    os.kill(market.server.pid, signal.SIGKILL)
    asking.join()
    payment_provider.control()

    again = open_market()
    began = time.monotonic()
    wait(lambda: again.get("/api/orders", buyer)["orders"][0]["status"] == "paid")
    assert time.monotonic() - began < 5
    assert payment_provider.control()["succeeded"] == succeeded + 1
    assert again.get("/api/balance", author)["balance"]["amount"] == 900
    assert sound(again.ledger(), 1)


def attempt(market: Market, buyer: str, slug: str) -> None:
    with pytest.raises(httpx.HTTPError):
        market.post("/api/orders", buyer, {"order": {"slug": slug}}, "key")


def wait(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_events_come_twice_and_out_of_order(start_target: Start, tmp_path: Path) -> None:
    """A provider that fails and tells everything twice, shuffled: every order ends, paid or refunded, exactly once."""
    shuffling = Provider(tmp_path)
    server = start_target(TREATMENT, empty_sqlite(tmp_path), settings=shuffling.settings)
    shuffling.options = ("--webhook-url", f"{server.url}/api/payments/webhook", "--webhook-shuffle")
    shuffling.start()
    market = Market(server)
    with market.http, ThreadPoolExecutor(8) as threads:
        author = market.register("author")
        slug = market.publish(author)
        buyers = list(threads.map(market.register, [f"b{number}" for number in range(24)]))
        shuffling.control(failure_rate=0.4)
        order = {"order": {"slug": slug}}
        list(threads.map(lambda buyer: market.post("/api/orders", buyer, order, "key"), buyers))

        def settled() -> bool:
            return all(market.get("/api/orders", buyer)["orders"][0]["status"] == "paid" for buyer in buyers)

        wait(settled)
        numbers = range(1, 9)
        assert {market.post(f"/api/orders/{n}/refund", author, {}).status_code for n in numbers} == {200}
        shuffling.control()
        wait(lambda: {market.get(f"/api/orders/{n}", author)["order"]["status"] for n in numbers} == {"refunded"})
        wait(lambda: shuffling.control()["events_waiting"] == 0)
        counts = shuffling.control()
        assert (counts["succeeded"], counts["refunds"]) == (24, 8)
        assert market.get("/api/balance", author)["balance"]["amount"] == 16 * 900
        assert sound(market.ledger(), 24 + 8)
        heard = market.http.get("/metrics").text
    shuffling.stop()
    assert 'target_payment_events_total{outcome="replayed"} 32.0' in heard
    assert 'target_payment_events_total{outcome="unknown"} 0.0' in heard
