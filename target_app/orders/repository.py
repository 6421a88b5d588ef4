from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Integer, bindparam, func, literal, select, text, update

from target_app.articles.models import articles
from target_app.database import Connection, Fetched
from target_app.orders.models import LIVE, OPEN, orders
from target_app.orders.rows import Offer, OrderPage, OrderRow
from target_app.prepared import Prepared

OFFER = (articles.c.id, articles.c.author_id, articles.c.slug, articles.c.price, articles.c.draft)
ORDER = tuple(orders.c[name] for name in OrderRow._fields)
HERE = select(literal(1).label("one")).subquery("here")
UNDER_KEY = (orders.c.buyer_id == bindparam("buyer")) & (orders.c.idempotency_key == bindparam("key"))
#: Always one row: the article, if there is one, and the order that was made under this key, if there is one.
WANTED = Prepared(
    select(*OFFER, *ORDER).select_from(
        HERE.outerjoin(articles, articles.c.slug == bindparam("slug")).outerjoin(orders, UNDER_KEY)
    )
)
#: One live order per buyer and article, and one order per buyer and key, or no row.
ADD = Prepared(
    text(
        "INSERT INTO orders (buyer_id, author_id, article_id, coupon_id, slug, price, discount, amount, status, "
        "idempotency_key, request_digest, nonce, lease_until, created_at, updated_at) "
        "VALUES (:buyer, :author, :article, :coupon, :slug, :price, :discount, :amount, :status, "
        ":key, :digest, :nonce, :lease, :now, :now) ON CONFLICT DO NOTHING RETURNING id"
    ).bindparams(
        *(bindparam(name, type_=BigInteger) for name in ("buyer", "author", "article", "coupon", "lease", "now")),
        *(bindparam(name, type_=Integer) for name in ("price", "discount", "amount")),
    )
)
ONE = Prepared(select(*ORDER).where(orders.c.id == bindparam("order")))
LIVE_STATUS = Prepared(
    select(orders.c.status).where(
        LIVE, orders.c.buyer_id == bindparam("buyer"), orders.c.article_id == bindparam("article")
    )
)
PAGE = Prepared(
    select(
        *ORDER,
        select(func.count())
        .select_from(orders)
        .where(orders.c.buyer_id == bindparam("buyer"))
        .correlate(None)
        .scalar_subquery(),
    )
    .where(orders.c.buyer_id == bindparam("buyer"))
    .order_by(orders.c.id.desc())
    .limit(bindparam("limit", type_=BigInteger))
    .offset(bindparam("offset", type_=BigInteger))
)
COUNT = Prepared(select(func.count()).select_from(orders).where(orders.c.buyer_id == bindparam("buyer")))
#: Whoever comes second finds another status, and changes nothing.
MOVE = Prepared(
    update(orders)
    .where(orders.c.id == bindparam("order"), orders.c.status == bindparam("before"))
    .values(
        status=bindparam("after"),
        charge_id=bindparam("charge"),
        lease_until=bindparam("lease"),
        updated_at=bindparam("now"),
    )
)
DUE = Prepared(
    select(*ORDER)
    .where(OPEN, orders.c.lease_until <= bindparam("now"))
    .order_by(orders.c.lease_until)
    .limit(bindparam("limit", type_=BigInteger))
)
#: The lease is compared with what was read: of several workers that read the same row, one gets it.
CLAIM = Prepared(
    update(orders)
    .where(OPEN, orders.c.id == bindparam("order"), orders.c.lease_until == bindparam("seen"))
    .values(lease_until=bindparam("until"))
)


def order_of(row: Fetched) -> OrderRow:
    """The columns ORDER as a row."""
    return OrderRow._make(row)


class OrderRepository:
    """Statements about orders."""

    async def wanted(
        self, connection: Connection, slug: str, buyer: int, key: str
    ) -> tuple[Offer | None, OrderRow | None]:
        """The article of that slug, and the order that the buyer made under that key."""
        row = await connection.fetch_one(WANTED, {"slug": slug, "buyer": buyer, "key": key})
        if row is None:
            raise LookupError("a join that begins with one row returned none")
        offer, order = row[: len(OFFER)], row[len(OFFER) :]
        return (
            None if offer[0] is None else Offer._make(offer),
            None if order[0] is None else order_of(order),
        )

    async def add(self, connection: Connection, values: Mapping[str, Any]) -> int | None:
        """The id of the new order; None where the buyer has used the key, or has a live order for the article."""
        row = await connection.fetch_one(ADD, values)
        return None if row is None else int(row[0])

    async def live_status(self, connection: Connection, buyer: int, article: int) -> str | None:
        """The status of the buyer's pending or paid order for the article."""
        row = await connection.fetch_one(LIVE_STATUS, {"buyer": buyer, "article": article})
        return None if row is None else str(row[0])

    async def one(self, connection: Connection, order: int) -> OrderRow | None:
        """The order of that id."""
        row = await connection.fetch_one(ONE, {"order": order})
        return None if row is None else order_of(row)

    async def page(self, connection: Connection, buyer: int, limit: int, offset: int) -> OrderPage:
        """The buyer's orders, the newest first."""
        rows = await connection.fetch_all(PAGE, {"buyer": buyer, "limit": limit, "offset": offset})
        if not rows and offset:
            count = await connection.fetch_one(COUNT, {"buyer": buyer})
            return OrderPage([], 0 if count is None else count[0])
        return OrderPage([order_of(row[: len(ORDER)]) for row in rows], rows[0][len(ORDER)] if rows else 0)

    async def move(self, connection: Connection, before: str, after: OrderRow) -> bool:
        """Give an order the status, charge and lease of `after`; whether it still had the status `before`."""
        values = {
            "order": after.id,
            "before": before,
            "after": after.status,
            "charge": after.charge_id,
            "lease": after.lease_until,
            "now": after.updated_at,
        }
        return await connection.change(MOVE, values) == 1

    async def due(self, connection: Connection, now: int, limit: int) -> Sequence[OrderRow]:
        """Orders that wait for the provider and that nobody sees to, the oldest first."""
        return [order_of(row) for row in await connection.fetch_all(DUE, {"now": now, "limit": limit})]

    async def claim(self, connection: Connection, order: OrderRow, until: int) -> bool:
        """Whether this worker may see to the order until then."""
        values = {"order": order.id, "seen": order.lease_until, "until": until}
        return await connection.change(CLAIM, values) == 1
