"""Buying: an author sells an article to another user, with a coupon, and gives the money back."""

from __future__ import annotations

from urllib.parse import quote
from uuid import uuid4

from loadtests.journeys.conduit import PASSING_TITLE
from loadtests.steps import CREATED, DELETED, Step, Steps, Visit


def buyer(visit: Visit) -> Steps:
    """The partner prices an article and a coupon for it; the user buys and looks it up; the partner refunds it.

    Article and coupon are deleted at the end; what was ordered and booked stays, as it must.
    """
    del visit  # nothing to choose: what is bought is made for it
    name = uuid4().hex
    new = {"title": f"{PASSING_TITLE} {name[:16]}", "description": "For sale", "body": "Text. " * 40, "price": 500}
    made = yield Step(
        "POST /api/articles", "POST", "/api/articles", {"article": new}, CREATED, signed=True, by="partner"
    )
    slug = made.text("article", "slug")
    coupon = {"code": f"LOAD{name[:16]}", "slug": slug, "percentOff": 10, "uses": 1}
    yield Step("POST /api/coupons", "POST", "/api/coupons", {"coupon": coupon}, CREATED, signed=True, by="partner")
    yield Step("GET /api/coupons", "GET", "/api/coupons", signed=True, by="partner")
    order = {"slug": slug, "coupon": coupon["code"]}
    headers = {"Idempotency-Key": name}
    bought = yield Step(
        "POST /api/orders", "POST", "/api/orders", {"order": order}, CREATED, signed=True, headers=headers
    )
    its = f"/api/orders/{quote(str(bought.at('order', 'id')), safe='')}"
    yield Step("GET /api/orders/{id}", "GET", its, signed=True)
    yield Step("GET /api/orders", "GET", "/api/orders?limit=20", signed=True)
    yield Step("GET /api/balance", "GET", "/api/balance", signed=True, by="partner")
    yield Step("GET /api/balance/entries", "GET", "/api/balance/entries?limit=20", signed=True, by="partner")
    yield Step("POST /api/orders/{id}/refund", "POST", f"{its}/refund", signed=True, by="partner")
    code = f"/api/coupons/{coupon['code']}"
    yield Step("DELETE /api/coupons/{code}", "DELETE", code, None, DELETED, signed=True, by="partner")
    one = f"/api/articles/{quote(slug, safe='')}"
    yield Step("DELETE /api/articles/{slug}", "DELETE", one, None, DELETED, signed=True, by="partner")
