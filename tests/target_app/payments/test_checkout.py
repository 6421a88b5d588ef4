import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from target_app.database import sqlite_path
from tests.parts.provider import Provider, provider
from tests.target_app.app_client import AppClient
from tests.target_app.shop import PRICE, Shop


def run_out(shop: Shop) -> None:
    """Let every lease end, as time would."""
    path = sqlite_path(shop.app.settings.database_url)
    assert path is not None
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE orders SET lease_until = 0")
        connection.commit()


def test_a_lost_answer_is_found_out(shop: Shop, payment_provider: Provider) -> None:
    """The provider charges and its answer is lost: 201 pending; later it is settled, and was charged once."""
    succeeded = payment_provider.control()["succeeded"]
    payment_provider.control(failure_rate=1)  # half of the failures come after the work is done
    answer = shop.order(key="k")
    assert (answer.status_code, answer.json()["order"]["status"]) == (201, "pending")
    assert "Idempotent-Replayed" in shop.order(key="k").headers, "nobody is at work on it any more"
    payment_provider.control()
    shop.reconcile()
    order = answer.json()["order"]["id"]
    assert (shop.status(order), shop.balance(), shop.holds()) == ("paid", PRICE * 9 // 10, True)
    assert payment_provider.control()["succeeded"] == succeeded + 1
    assert shop.order(key="k").json()["order"]["status"] == "paid"
    assert shop.app.metric("target_orders_reconciled_total") == 1


def test_a_provider_that_is_away_leaves_orders_pending(client: Callable[..., AppClient], tmp_path: Path) -> None:
    """While it is down orders are taken and wait; with its return they are charged. A declined one gives back."""
    with provider(tmp_path) as away:
        shop = Shop(client(provider_url=away.url, provider_secret_file=away.secrets.path), price=1332)
        shop.coupon(percent_off=50)
        away.stop()
        order = shop.order(coupon="CODE").json()["order"]
        assert (order["status"], shop.used()) == ("pending", 1)
        shop.reconcile()
        assert shop.status(order["id"]) == "pending"
        away.start()
        shop.app.run(wait_for_breaker())
        run_out(shop)
        shop.reconcile()
        assert (shop.status(order["id"]), shop.used(), shop.holds()) == ("declined", 0, True)


async def wait_for_breaker() -> None:
    """As long as the open circuit breaker lets nothing through."""
    import asyncio

    from target_app.payments import breaker

    await asyncio.sleep(breaker.OPEN_S + 0.05)


def test_an_order_in_progress_is_not_repeated(shop: Shop) -> None:
    """While the first request of a key waits for the provider a second one is told to come back."""
    with_lease = shop.order(key="k").json()["order"]["id"]
    path = sqlite_path(shop.app.settings.database_url)
    assert path is not None
    with closing(sqlite3.connect(path)) as connection:  # as it stands between the two transactions
        connection.execute("UPDATE orders SET status = 'pending', lease_until = created_at + 3000")
        connection.commit()
    answer = shop.order(key="k")
    assert (answer.status_code, answer.headers["Retry-After"]) == (409, "1")
    assert with_lease


def test_a_lost_refund_is_completed(shop: Shop, payment_provider: Provider) -> None:
    """The sale is taken back at once, the order says `refunding` until the provider has confirmed."""
    order = shop.order().json()["order"]["id"]
    payment_provider.control(failure_rate=1)
    answer = shop.refund(order)
    assert (answer.status_code, answer.json()["order"]["status"]) == (200, "refunding")
    assert (shop.balance(), shop.holds()) == (0, True)
    refunds = payment_provider.control()["refunds"]
    shop.reconcile()
    assert (shop.status(order), shop.holds()) == ("refunded", True)
    assert payment_provider.control()["refunds"] <= refunds + 1


def test_one_worker_gets_an_order(shop: Shop, payment_provider: Provider) -> None:
    """What one has claimed another does not see until the lease ends."""
    payment_provider.control(failure_rate=1)
    shop.order()
    checkout = shop.app.app.state.parts.checkout
    claims = [len(shop.app.run(checkout._claimed())) for _ in range(2)]
    assert claims == [1, 0]
    run_out(shop)
    assert len(shop.app.run(checkout._claimed())) == 1
