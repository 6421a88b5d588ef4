"""An order as it is stored, and as it is shown."""

from typing import Any, NamedTuple

from target_app.web.answers import moment


class OrderRow(NamedTuple):
    """One order. Amounts are minor units, times ms since 1970."""

    id: int
    buyer_id: int
    author_id: int
    article_id: int
    coupon_id: int | None
    slug: str
    price: int
    discount: int
    amount: int
    status: str
    request_digest: str
    nonce: str
    charge_id: str | None
    lease_until: int
    created_at: int
    updated_at: int

    @property
    def charge_key(self) -> str:
        """What the payment provider knows the order by; asking twice under one key charges once."""
        return f"order-{self.id}-{self.nonce}"


class Offer(NamedTuple):
    """An article that somebody wants to buy."""

    article_id: int
    author_id: int
    slug: str
    price: int
    draft: bool


class OrderPage(NamedTuple):
    """Some orders of a buyer, and how many there are in all."""

    orders: list[OrderRow]
    total: int


def shown(order: OrderRow) -> dict[str, Any]:
    """An order as buyer and author see it."""
    return {
        "id": order.id,
        "slug": order.slug,
        "price": order.price,
        "discount": order.discount,
        "amount": order.amount,
        "status": order.status,
        "createdAt": moment(order.created_at),
        "updatedAt": moment(order.updated_at),
    }
