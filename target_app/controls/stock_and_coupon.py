"""How a coupon that can be used a few times is taken by many at once."""

import asyncio
from typing import NamedTuple, Protocol

from sqlalchemy import Integer, bindparam, select, update

from target_app.controls.model import Factor, Kit, Level
from target_app.coupons.models import coupons
from target_app.database import Connection
from target_app.prepared import Prepared


class Taken(NamedTuple):
    """One use of a coupon."""

    coupon_id: int
    percent_off: int


class Seen(NamedTuple):
    """A coupon of which a use was left when it was looked at."""

    coupon_id: int
    percent_off: int
    used: int


class StockAndCoupon(Protocol):
    """Takes from what is limited. An order looks before its transaction begins, and takes in it."""

    async def look(self, connection: Connection, code: str, article_id: int) -> Seen | None:
        """The article's coupon of that code; None where there is none, no use is left, or nobody needs to look."""

    async def take(self, connection: Connection, code: str, article_id: int, seen: Seen | None) -> Taken | None:
        """Use that coupon once more; None where there is no such coupon or no use left."""


WANTED = (
    coupons.c.code == bindparam("taken_code"),
    coupons.c.article_id == bindparam("taken_article"),
    coupons.c.used < coupons.c.uses,
)
#: The condition and the change are one statement: the row is locked from one to the other.
TAKE = Prepared(
    update(coupons).where(*WANTED).values(used=coupons.c.used + 1).returning(coupons.c.id, coupons.c.percent_off)
)
LOOK = Prepared(select(coupons.c.id, coupons.c.percent_off, coupons.c.used).where(*WANTED))
#: What an object-relational mapper makes of `coupon.used += 1`: the number that was seen, and one.
ACT = Prepared(
    update(coupons).where(coupons.c.id == bindparam("coupon")).values(used=bindparam("counted", type_=Integer))
)


class CheckThenAct:
    """What was true when it was looked at is taken to be true. Whoever looks meanwhile sees the same."""

    def __init__(self, kit: Kit) -> None:
        self._allow = kit.metrics.decision("stock_and_coupon", "allow")
        self._deny = kit.metrics.decision("stock_and_coupon", "deny")

    async def look(self, connection: Connection, code: str, article_id: int) -> Seen | None:
        """Nothing is locked."""
        row = await connection.fetch_one(LOOK, {"taken_code": code, "taken_article": article_id})
        await asyncio.sleep(0)  # SQLite answers in line; any other store is waited for, and others look meanwhile
        return None if row is None else Seen._make(row)

    async def take(self, connection: Connection, _code: str, _article_id: int, seen: Seen | None) -> Taken | None:
        """Count one more than was seen."""
        if seen is None:
            self._deny()
            return None
        await connection.change(ACT, {"coupon": seen.coupon_id, "counted": seen.used + 1})
        self._allow()
        return Taken(seen.coupon_id, seen.percent_off)


class Atomic:
    """Checks and takes in one statement."""

    def __init__(self, kit: Kit) -> None:
        self._allow = kit.metrics.decision("stock_and_coupon", "allow")
        self._deny = kit.metrics.decision("stock_and_coupon", "deny")

    async def look(self, _connection: Connection, _code: str, _article_id: int) -> Seen | None:
        """What is seen now need not be true later."""
        return None

    async def take(self, connection: Connection, code: str, article_id: int, _seen: Seen | None) -> Taken | None:
        """Whoever comes after the last use finds no row."""
        row = await connection.fetch_one(TAKE, {"taken_code": code, "taken_article": article_id})
        if row is None:
            self._deny()
            return None
        self._allow()
        return Taken._make(row)


STOCK_AND_COUPON: Factor[StockAndCoupon] = Factor(
    name="stock_and_coupon",
    kind="control",
    threat="Many at once take more of what is limited than there is",
    owasp=("API6",),
    asvs=("2.3.4", "15.4.2"),
    cwe=("362",),
    cost_hypothesis="Less than nothing: one statement, about 15 µs, where checking and acting are two",
    journeys=("buyer",),
    levels=(
        Level(
            "check_then_act",
            "weak",
            "a use is left when one looks, and counted later",
            CheckThenAct,
            trips=("coupon_overspent",),
        ),
        Level("atomic", "strong", "checked and counted by one statement", Atomic),
    ),
)
