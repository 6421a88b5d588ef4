import asyncio
from collections.abc import Callable

import pytest

from tests.parts.provider import Provider
from tests.target_app.app_client import AppClient, errors
from tests.target_app.shop import PRICE, Shop


def test_a_coupon_lowers_the_price_as_often_as_it_may(shop: Shop) -> None:
    """30 % off for two orders; the third is told that none is left, and no order is made."""
    shop.coupon(percent_off=30, uses=2)
    buyers = [shop.app.register(f"b{number}") for number in range(3)]
    answers = [shop.order(buyer, coupon="CODE") for buyer in buyers]
    assert [answer.status_code for answer in answers] == [201, 201, 409]
    assert answers[0].json()["order"]["discount"] == PRICE * 30 // 100
    assert answers[0].json()["order"]["amount"] == PRICE * 70 // 100
    assert errors(answers[2]) == {"coupon": ["is used up"]}
    assert (shop.used(), shop.holds()) == (2, True)
    assert shop.app.call("GET", "/api/orders", buyers[2]).json()["ordersCount"] == 0


def test_a_coupon_of_all_needs_no_provider(shop: Shop) -> None:
    """100 % off is paid at once; nothing is charged and nothing stands in the ledger."""
    shop.coupon(percent_off=100)
    order = shop.order(coupon="CODE").json()["order"]
    assert (order["status"], order["amount"]) == ("paid", 0)
    assert shop.check()["transactions"] == 0
    assert shop.refund(order["id"]).json()["order"]["status"] == "refunded"
    assert shop.holds()


def test_a_coupon_is_for_its_own_article(shop: Shop) -> None:
    """Another article's coupon, or one that nobody made, is refused, and not used."""
    other = shop.app.publish(shop.author, "Other", price=5)
    shop.coupon()
    for slug, code in ((other, "CODE"), (shop.slug, "NONE")):
        answer = shop.order(slug=slug, coupon=code)
        assert (answer.status_code, errors(answer)) == (422, {"coupon": ["is invalid"]})
    assert shop.used() == 0


def test_a_refused_order_leaves_the_coupon_alone(shop: Shop) -> None:
    """Who has the article already uses up nothing; nor does a repeated request, also when none is left."""
    shop.coupon(uses=1)
    assert shop.order(key="k", coupon="CODE").status_code == 201
    assert shop.order(coupon="CODE").status_code == 409
    assert shop.order(key="k", coupon="CODE").headers["Idempotent-Replayed"] == "true"
    assert shop.used() == 1


def test_only_authors_offer_and_withdraw(shop: Shop) -> None:
    """For one's own articles; another's coupon does not exist, in the list nor by its code."""
    stranger = shop.app.register("stranger")
    coupon = {"code": "MINE", "slug": shop.slug, "percentOff": 5, "uses": 1}

    def offered(token: str) -> int:
        return shop.app.call("POST", "/api/coupons", token, json={"coupon": coupon}).status_code

    assert [offered(stranger), offered(shop.author), offered(shop.author)] == [403, 201, 409]
    assert shop.app.call("GET", "/api/coupons", stranger).json() == {"coupons": [], "couponsCount": 0}
    deleted = [
        shop.app.call("DELETE", "/api/coupons/MINE", token).status_code
        for token in (stranger, shop.author, shop.author)
    ]
    assert deleted == [404, 204, 404]
    assert shop.order(coupon="MINE").status_code == 422


def test_a_withdrawn_coupon_is_not_given_back(shop: Shop) -> None:
    """An order that used it and is declined afterwards finds it gone, and that is no error."""
    shop.app.call("PUT", f"/api/articles/{shop.slug}", shop.author, json={"article": {"price": 1332}})
    shop.coupon(percent_off=50)
    shop.app.call("DELETE", "/api/coupons/CODE", shop.author)
    shop.coupon("AGAIN")
    assert shop.order(coupon="AGAIN").json()["order"]["status"] == "declined"
    assert shop.used("AGAIN") == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [("code", "a/b"), ("code", "ab"), ("percentOff", 0), ("percentOff", 101), ("percentOff", True), ("uses", 1001)],
)
def test_what_is_no_coupon(shop: Shop, field: str, value: object) -> None:
    """Codes of letters and digits, 1 to 100 %, 1 to 1000 uses."""
    coupon = {"code": "CODE", "slug": shop.slug, "percentOff": 5, "uses": 1, field: value}
    answer = shop.app.call("POST", "/api/coupons", shop.author, json={"coupon": coupon})
    assert (answer.status_code, list(errors(answer))) == (422, [field])


@pytest.fixture
def shop_of(client: Callable[..., AppClient], payment_provider: Provider) -> Callable[[str], Shop]:
    """`shop_of(level)`: a shop at this level of stock_and_coupon."""
    settings = {"provider_url": payment_provider.url, "provider_secret_file": payment_provider.secrets.path}
    return lambda level: Shop(client(f"stock_and_coupon={level}", **settings))


@pytest.mark.parametrize(("level", "sold"), [("atomic", 2), ("check_then_act", 6)])
def test_how_many_get_what_is_left(shop_of: Callable[[str], Shop], level: str, sold: int) -> None:
    """Six at once with a coupon for two: whoever looks while another acts takes what is gone."""
    shop = shop_of(level)
    shop.coupon(percent_off=100, uses=2)
    buyers = [shop.app.register(f"b{number}") for number in range(6)]

    async def at_once() -> list[int]:
        orders = (shop.ordering(coupon="CODE") for _ in buyers)
        sent = [
            shop.app.send("POST", "/api/orders", buyer, "127.0.0.9", **order)
            for buyer, order in zip(buyers, orders, strict=True)
        ]
        return [answer.status_code for answer in await asyncio.gather(*sent)]

    statuses = shop.app.run(at_once())
    assert (statuses.count(201), statuses.count(409)) == (sold, 6 - sold)
    assert 1 <= shop.used() <= 2


@pytest.mark.parametrize("level", ["atomic", "check_then_act"])
def test_one_after_the_other_both_levels_count_alike(shop_of: Callable[[str], Shop], level: str) -> None:
    """The weak level's flaw is in its timing alone: refusals and numbers are the same."""
    shop = shop_of(level)
    shop.coupon(uses=1)
    assert errors(shop.order(coupon="NONE")) == {"coupon": ["is invalid"]}
    assert shop.order(coupon="CODE").status_code == 201
    assert shop.order(coupon="CODE").status_code == 409
    assert errors(shop.order(shop.app.register("late"), coupon="CODE")) == {"coupon": ["is used up"]}
    assert shop.used() == 1
