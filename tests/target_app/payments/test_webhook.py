import json
from collections.abc import Callable

import pytest

from tests.parts.provider import Provider
from tests.target_app.app_client import AppClient, errors
from tests.target_app.shop import PRICE, Shop


@pytest.fixture
def pending(shop: Shop, payment_provider: Provider) -> int:
    """An order whose charge the provider has neither made nor heard of."""
    payment_provider.control(failure_rate=1)
    order = shop.order().json()["order"]
    payment_provider.control()
    assert order["status"] == "pending"
    return int(order["id"])


def test_an_event_settles_a_pending_order_once(shop: Shop, pending: int) -> None:
    """The first delivery settles it, the second says that it was heard before; both are answered 204."""
    body = shop.event("charge.succeeded", pending, PRICE)
    answers = [shop.tell(body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert ["Event-Replayed" in answer.headers for answer in answers] == [False, True]
    assert (shop.status(pending), shop.balance()) == ("paid", PRICE * 9 // 10)
    assert (shop.check()["transactions"], shop.holds()) == (1, True)


def test_late_and_contradicting_events_change_nothing(shop: Shop) -> None:
    """A paid order stays paid whatever is said of its charge; a refunded one is not paid again."""
    order = shop.order().json()["order"]["id"]
    for kind in ("charge.declined", "charge.succeeded", "charge.refunded"):
        assert shop.tell(shop.event(kind, order, PRICE)).status_code == 204
        assert shop.status(order) == "paid"
    shop.refund(order)
    shop.tell(shop.event("charge.succeeded", order, PRICE))
    assert (shop.status(order), shop.balance(), shop.holds()) == ("refunded", 0, True)


def test_an_event_declines_a_pending_order(shop: Shop, pending: int) -> None:
    """And a success that comes after it changes nothing."""
    shop.tell(shop.event("charge.declined", pending, PRICE))
    shop.tell(shop.event("charge.succeeded", pending, PRICE))
    assert (shop.status(pending), shop.balance(), shop.holds()) == ("declined", 0, True)


def test_what_the_provider_did_not_just_sign_is_refused(shop: Shop, pending: int) -> None:
    """Tampered, stale, from the future, signed otherwise or not at all: 401, and nothing happens."""
    body = shop.event("charge.succeeded", pending, PRICE)
    other = body.replace(b"ch_1", b"ch_2")
    sent = [
        shop.tell(body, age=301),
        shop.tell(body, age=-301),
        shop.tell(body, sealed="t=1,v1=x"),
        shop.tell(other, sealed=shop.seal(body)),
        shop.app.call("POST", "/api/payments/webhook", content=body),
    ]
    assert [answer.status_code for answer in sent] == [401] * 5
    assert errors(sent[0]) == {"signature": ["is invalid"]}
    assert shop.status(pending) == "pending"
    assert shop.tell(body, age=299).status_code == 204
    assert shop.status(pending) == "paid"


def test_unknown_references_are_taken_and_counted(shop: Shop, pending: int) -> None:
    """An order that is not ours, a wrong nonce, a wrong amount, a type that nobody knows: 204, and nothing happens."""
    body = json.loads(shop.event("charge.succeeded", pending, PRICE))
    for changes in ({"reference": "theirs"}, {"reference": f"order-{pending}-00"}, {"amount": 1}):
        assert shop.tell(json.dumps({**body, "id": f"{changes}", "data": body["data"] | changes}).encode()).is_success
    assert shop.tell(json.dumps({**body, "id": "t", "type": "charge.disputed"}).encode()).status_code == 204
    assert shop.status(pending) == "pending"
    assert shop.app.metric('target_payment_events_total{outcome="unknown"}') == 4


def test_what_is_no_event_is_refused(shop: Shop) -> None:
    """Signed nonsense is 422; more than 16 KiB is 413, before any signature is looked at."""
    assert shop.tell(b"{}").status_code == 422
    assert shop.tell(b"\xff").status_code == 422
    assert shop.app.call("POST", "/api/payments/webhook", content=b"x" * 16_385).status_code == 413


#: What a weak level believes: a forged event, one of another time, one that was heard before.
BELIEVED = {"off": (True, True, True), "signature_only": (False, True, True)}


@pytest.mark.parametrize("level", BELIEVED)
def test_what_weak_levels_believe(client: Callable[..., AppClient], payment_provider: Provider, level: str) -> None:
    """Each takes what it is named for, and acts on it; none is harmed by what is no event or comes twice."""
    payment_provider.control(failure_rate=1)
    settings = {"provider_url": payment_provider.url, "provider_secret_file": payment_provider.secrets.path}
    shop = Shop(client(f"webhook_verification={level}", **settings))
    order = shop.order().json()["order"]["id"]
    forged, old = shop.event("charge.disputed", order, PRICE), shop.event("charge.succeeded", order, PRICE)
    taken = [shop.tell(forged, sealed="t=1,v1=" + 64 * "0").is_success, shop.tell(old, age=86_400).is_success]
    again = shop.tell(old, age=86_400)
    assert (*taken, again.is_success and "Event-Replayed" not in again.headers) == BELIEVED[level]
    assert (shop.status(order), shop.holds()) == ("paid", True)
    assert shop.tell(b"{}").status_code == 422
