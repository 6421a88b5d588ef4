from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    literal_column,
)

from target_app.schema import Identifier, metadata

#: An order that stands in the way of another one for the same article.
LIVE: ColumnElement[bool] = literal_column("status IN ('pending', 'paid')")
#: An order that waits for the payment provider.
OPEN: ColumnElement[bool] = literal_column("status IN ('pending', 'refunding')")

orders = Table(
    "orders",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("buyer_id", Identifier, ForeignKey("users.id"), nullable=False),
    Column("author_id", Identifier, ForeignKey("users.id"), nullable=False),
    # No foreign keys: an order outlives its article and its coupon, and keeps what it was made for.
    Column("article_id", BigInteger, nullable=False),
    Column("coupon_id", BigInteger),
    Column("slug", String(255), nullable=False),
    Column("price", Integer, nullable=False),
    Column("discount", Integer, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("idempotency_key", String(255), nullable=False),
    Column("request_digest", String(64), nullable=False),
    # Makes the key that the provider knows the order by impossible to guess and never the same twice.
    Column("nonce", String(32), nullable=False),
    Column("charge_id", String(255)),
    # Until when (ms since 1970) whoever talks to the provider about this order may be left to it.
    Column("lease_until", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    CheckConstraint("amount >= 0 AND discount >= 0 AND amount = price - discount", name="ck_orders_amount"),
    CheckConstraint(
        "status IN ('pending', 'paid', 'declined', 'refunding', 'refunded')",
        name="ck_orders_status",
    ),
    Index("uq_orders_buyer_id_idempotency_key", "buyer_id", "idempotency_key", unique=True),
    Index(
        "uq_orders_buyer_id_article_id",
        "buyer_id",
        "article_id",
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    ),
    Index("ix_orders_buyer_id_id", "buyer_id", "id"),
    Index("ix_orders_lease_until", "lease_until", sqlite_where=OPEN, postgresql_where=OPEN),
    sqlite_autoincrement=True,
)
