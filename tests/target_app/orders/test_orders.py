from collections.abc import Callable

import pytest

from tests.target_app.app_client import AppClient, errors
from tests.target_app.shop import PRICE, Shop


def test_a_paid_order_opens_the_article(shop: Shop) -> None:
    """Before it the buyer reads a teaser; after it, and for nobody else, the whole body."""
    answer = shop.order()
    assert answer.status_code == 201
    order = answer.json()["order"]
    assert {name: order[name] for name in ("slug", "price", "discount", "amount", "status")} == {
        "slug": shop.slug,
        "price": PRICE,
        "discount": 0,
        "amount": PRICE,
        "status": "paid",
    }

    def read(token: str | None) -> tuple[int, bool]:
        article = shop.app.call("GET", f"/api/articles/{shop.slug}", token).json()["article"]
        return len(article["body"]), article["purchased"]

    stranger = shop.app.register("stranger")
    assert [read(token) for token in (shop.buyer, stranger, None)] == [(250, True), (200, False), (200, False)]
    assert (shop.balance(), shop.holds()) == (PRICE * 9 // 10, True)


def test_the_same_key_gives_the_same_order(shop: Shop) -> None:
    """A repeated request makes nothing new and says so; the answer is byte for byte the first one."""
    first, again = shop.order(key="k"), shop.order(key="k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert shop.app.call("GET", "/api/orders", shop.buyer).json()["ordersCount"] == 1


def test_a_key_belongs_to_one_request_of_one_user(shop: Shop) -> None:
    """Another body under a used key is refused; another user's key is another key."""
    other = shop.app.publish(shop.author, "Other", price=5)
    shop.order(key="k")
    refused = shop.order(key="k", slug=other)
    assert (refused.status_code, errors(refused)) == (422, {"idempotencyKey": ["was used for another order"]})
    theirs = shop.order(shop.app.register("second"), key="k", slug=other)
    assert (theirs.status_code, theirs.json()["order"]["slug"]) == (201, other)


@pytest.mark.parametrize("key", [None, "", "k" * 256, "a b", "ä".encode("latin-1").decode("latin-1")])
def test_a_key_is_needed(shop: Shop, key: str | None) -> None:
    """Up to 255 visible ASCII characters."""
    headers = {} if key is None else {"Idempotency-Key": key.encode("latin-1")}
    answer = shop.app.call("POST", "/api/orders", shop.buyer, headers=headers, json={"order": {"slug": shop.slug}})  # type: ignore[arg-type]  # httpx takes bytes too
    assert answer.status_code == 422
    assert list(errors(answer)) == ["idempotencyKey"]


def test_what_cannot_be_bought(shop: Shop) -> None:
    """One's own article, one bought already, a free one, a draft, none at all."""
    app = shop.app
    shop.order()
    free, draft = app.publish(shop.author, "Free"), app.publish(shop.author, "Draft", draft=True, price=5)
    cases = [
        (shop.author, shop.slug, 409, {"slug": ["is your own article"]}),
        (shop.buyer, shop.slug, 409, {"slug": ["has already been bought"]}),
        (shop.buyer, free, 422, {"slug": ["is free"]}),
        (shop.buyer, draft, 404, {"article": ["not found"]}),
        (shop.buyer, "nothing", 404, {"article": ["not found"]}),
    ]
    for token, slug, status, said in cases:
        answer = shop.order(token, slug=slug)
        assert (answer.status_code, errors(answer)) == (status, said)
    assert shop.order(None, slug=shop.slug, coupon="x" * 300).status_code == 422
    assert app.call("POST", "/api/orders", json={"order": {"slug": shop.slug}}).status_code == 401


def test_a_declined_order_stands_in_nobodys_way(shop: Shop) -> None:
    """The provider declines; the coupon's use comes back and the article can be ordered again."""
    price = 666 * 2  # the amount that the provider always declines, after the coupon
    shop.app.call("PUT", f"/api/articles/{shop.slug}", shop.author, json={"article": {"price": price}})
    shop.coupon(percent_off=50)
    declined = shop.order(coupon="CODE", key="k")
    assert (declined.status_code, declined.json()["order"]["status"]) == (201, "declined")
    assert (shop.used(), shop.balance()) == (0, 0)
    assert shop.order(key="k", coupon="CODE").json()["order"]["status"] == "declined"
    assert shop.order().json()["order"]["status"] == "paid"
    assert shop.holds()


def test_an_order_is_its_buyers_and_its_authors_business(shop: Shop) -> None:
    """Others are told that there is none; only the author may refund, only the buyer has it in the list."""
    number = shop.order().json()["order"]["id"]
    stranger = shop.app.register("stranger")
    statuses = [
        shop.app.call("GET", f"/api/orders/{number}", token).status_code
        for token in (shop.buyer, shop.author, stranger, None)
    ]
    assert statuses == [200, 200, 404, 401]
    assert [shop.refund(number, token).status_code for token in (stranger, shop.buyer)] == [404, 403]
    assert shop.app.call("GET", "/api/orders", stranger).json() == {"orders": [], "ordersCount": 0}
    assert shop.app.call("GET", "/api/orders/99", shop.buyer).status_code == 404


def test_orders_come_in_pages(shop: Shop) -> None:
    """The newest first; the count is of all, also beyond the end."""
    slugs = [shop.app.publish(shop.author, f"A{number}", price=10) for number in range(3)]
    for slug in slugs:
        shop.order(slug=slug)
    for offset, expected in ((0, slugs[:0:-1]), (2, slugs[:1]), (9, [])):
        page = shop.app.call("GET", f"/api/orders?limit=2&offset={offset}", shop.buyer).json()
        assert ([order["slug"] for order in page["orders"]], page["ordersCount"]) == (expected, 3)


def test_a_refund_takes_everything_back(shop: Shop) -> None:
    """The author's balance, the buyer's access; the article can be bought once more, and refunded once."""
    number = shop.order().json()["order"]["id"]
    refunded = shop.refund(number)
    assert (refunded.status_code, refunded.json()["order"]["status"]) == (200, "refunded")
    article = shop.app.call("GET", f"/api/articles/{shop.slug}", shop.buyer).json()["article"]
    assert (article["purchased"], shop.balance(), shop.holds()) == (False, 0, True)
    again = shop.refund(number)
    assert (again.status_code, errors(again)) == (409, {"order": ["is not paid"]})
    assert shop.order().status_code == 201


def test_nothing_is_sold_without_a_provider(client: Callable[..., AppClient]) -> None:
    """It says so at once, and no order is left behind."""
    shop = Shop(client())
    answer = shop.order()
    assert (answer.status_code, errors(answer)) == (503, {"provider": ["is not available"]})
    assert shop.app.call("GET", "/api/orders", shop.buyer).json()["ordersCount"] == 0
    assert shop.refund(1).status_code == 503


def test_an_order_outlives_its_article(shop: Shop) -> None:
    """An author may delete what was sold; the buyer still sees what was bought, and it can be refunded."""
    number = shop.order().json()["order"]["id"]
    assert shop.app.call("DELETE", f"/api/articles/{shop.slug}", shop.author).status_code == 204
    assert shop.app.call("GET", f"/api/orders/{number}", shop.buyer).json()["order"]["slug"] == shop.slug
    assert shop.refund(number).json()["order"]["status"] == "refunded"


def test_an_order_costs_few_statements(shop: Shop) -> None:
    """Nine with a coupon, the user's own row included; a replay two."""
    shop.coupon()

    def counted(key: str) -> float:
        before = shop.app.metric("target_db_statements_total")
        assert shop.order(key=key, coupon="CODE").status_code == 201
        return shop.app.metric("target_db_statements_total") - before

    assert [counted("k"), counted("k")] == [9, 2]
