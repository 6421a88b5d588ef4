"""Bodies and answers about orders."""

import re
from typing import Literal

from pydantic import BaseModel

from target_app.web.errors import ApiError
from target_app.web.reading import FilledShort

#: Characters of a key.
LONGEST_KEY = 255
IDEMPOTENCY_HEADER = {
    "Idempotency-Key": {
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
        "description": "Drawn by the client for each order; sending it again makes no second order",
    }
}
REPLAYED_HEADER = "Idempotent-Replayed"


class NewOrder(BaseModel):
    """What somebody buys, and the coupon for it."""

    slug: FilledShort
    coupon: FilledShort | None = None


class NewOrderBody(BaseModel):
    """The body of an order."""

    order: NewOrder


class OrderShown(BaseModel):
    """An order; amounts in minor units. While the provider has not confirmed a refund it is `refunding`."""

    id: int
    slug: str
    price: int
    discount: int
    amount: int
    status: Literal["pending", "paid", "declined", "refunding", "refunded"]
    createdAt: str  # noqa: N815  # the style of the contract's names
    updatedAt: str  # noqa: N815  # the style of the contract's names


class OrderAnswer(BaseModel):
    """An answer with one order."""

    order: OrderShown


class OrdersAnswer(BaseModel):
    """An answer with one page of orders; `ordersCount` is the count of the whole list."""

    orders: list[OrderShown]
    ordersCount: int  # noqa: N815  # the style of the contract's names


def idempotency_key(value: str | None, pattern: re.Pattern[str]) -> str:
    """The key of a request. Raises ApiError 422 where there is none or it does not fit the pattern."""
    if not value:
        raise ApiError(422, {"idempotencyKey": ["can't be blank"]})
    if not pattern.fullmatch(value) or len(value) > LONGEST_KEY:
        raise ApiError(422, {"idempotencyKey": ["is invalid"]})
    return value
