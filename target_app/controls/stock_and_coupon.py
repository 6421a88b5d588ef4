"""How a coupon that can be used a few times is taken by many at once."""

from typing import NamedTuple, Protocol

from sqlalchemy import bindparam, update

from target_app.controls.model import Kit
from target_app.coupons.models import coupons
from target_app.database import Connection
from target_app.prepared import Prepared


class Taken(NamedTuple):
    """One use of a coupon."""

    coupon_id: int
    percent_off: int


class StockAndCoupon(Protocol):
    """Takes from what is limited."""

    async def take(self, connection: Connection, code: str, article_id: int) -> Taken | None:
        """Use the article's coupon of that code once more; None where there is no such coupon or no use left."""


#: The condition and the change are one statement: the row is locked from one to the other.
TAKE = Prepared(
    update(coupons)
    .where(
        coupons.c.code == bindparam("taken_code"),
        coupons.c.article_id == bindparam("taken_article"),
        coupons.c.used < coupons.c.uses,
    )
    .values(used=coupons.c.used + 1)
    .returning(coupons.c.id, coupons.c.percent_off)
)


class Atomic:
    """Checks and takes in one statement."""

    def __init__(self, kit: Kit) -> None:
        self._allow = kit.metrics.decision("stock_and_coupon", "allow")
        self._deny = kit.metrics.decision("stock_and_coupon", "deny")

    async def take(self, connection: Connection, code: str, article_id: int) -> Taken | None:
        """Whoever comes after the last use finds no row."""
        row = await connection.fetch_one(TAKE, {"taken_code": code, "taken_article": article_id})
        if row is None:
            self._deny()
            return None
        self._allow()
        return Taken._make(row)
