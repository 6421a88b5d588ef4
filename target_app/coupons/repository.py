from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Integer, bindparam, delete, func, select, text, update

from target_app.articles.models import articles
from target_app.coupons.models import coupons
from target_app.database import Connection
from target_app.prepared import Prepared


class CouponRow(NamedTuple):
    """A coupon with its article's slug."""

    id: int
    code: str
    author_id: int
    article_id: int
    percent_off: int
    uses: int
    used: int
    created_at: int
    slug: str


class CouponPage(NamedTuple):
    """Some coupons of an author, and how many there are in all."""

    coupons: list[CouponRow]
    total: int


COUPON = (*(coupons.c[name] for name in CouponRow._fields[:-1]), articles.c.slug)
WITH_ARTICLE = coupons.join(articles, articles.c.id == coupons.c.article_id)
COUNT_OF = select(func.count()).select_from(coupons).where(coupons.c.author_id == bindparam("author")).correlate(None)
COUNT = Prepared(COUNT_OF)
PAGE = Prepared(
    select(*COUPON, COUNT_OF.scalar_subquery())
    .select_from(WITH_ARTICLE)
    .where(coupons.c.author_id == bindparam("author"))
    .order_by(coupons.c.id.desc())
    .limit(bindparam("limit", type_=BigInteger))
    .offset(bindparam("offset", type_=BigInteger))
)
BY_CODE = Prepared(select(*COUPON).select_from(WITH_ARTICLE).where(coupons.c.code == bindparam("code")))
ADD = Prepared(
    text(
        "INSERT INTO coupons (code, author_id, article_id, percent_off, uses, used, created_at) "
        "VALUES (:code, :author, :article, :percent, :uses, 0, :now) ON CONFLICT (code) DO NOTHING"
    ).bindparams(
        *(bindparam(name, type_=BigInteger) for name in ("author", "article", "now")),
        *(bindparam(name, type_=Integer) for name in ("percent", "uses")),
    )
)
REMOVE = Prepared(delete(coupons).where(coupons.c.id == bindparam("coupon")))
LOCK = Prepared(select(coupons.c.id).where(coupons.c.id == bindparam("coupon")).with_for_update())
GIVE_BACK = Prepared(
    update(coupons).where(coupons.c.id == bindparam("coupon"), coupons.c.used > 0).values(used=coupons.c.used - 1)
)


class CouponRepository:
    """Statements about coupons. How a use is taken is the control stock_and_coupon."""

    async def add(self, connection: Connection, values: Mapping[str, Any]) -> bool:
        """Whether the code was free."""
        return await connection.change(ADD, values) == 1

    async def by_code(self, connection: Connection, code: str) -> CouponRow | None:
        """The coupon of that code."""
        row = await connection.fetch_one(BY_CODE, {"code": code})
        return None if row is None else CouponRow._make(row)

    async def page(self, connection: Connection, author: int, limit: int, offset: int) -> CouponPage:
        """The author's coupons, the newest first."""
        rows = await connection.fetch_all(PAGE, {"author": author, "limit": limit, "offset": offset})
        if not rows and offset:
            count = await connection.fetch_one(COUNT, {"author": author})
            return CouponPage([], 0 if count is None else count[0])
        return CouponPage([CouponRow._make(row[:-1]) for row in rows], rows[0][-1] if rows else 0)

    async def remove(self, connection: Connection, coupon: int) -> None:
        """Delete a coupon; orders that used it keep their discount."""
        await connection.change(REMOVE, {"coupon": coupon})

    async def lock(self, connection: Connection, coupon: int) -> None:
        """Wait for others who change the coupon, and keep it until the transaction ends."""
        await connection.fetch_one(LOCK, {"coupon": coupon})

    async def give_back(self, connection: Connection, coupon: int) -> None:
        """Undo one use, unless the coupon is gone."""
        await connection.change(GIVE_BACK, {"coupon": coupon})
