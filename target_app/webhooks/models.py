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
    Text,
    literal_column,
)

from target_app.schema import Identifier, metadata

#: A delivery that is still to be made.
PENDING: ColumnElement[bool] = literal_column("status = 'pending'")

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("user_id", Identifier, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("url", Text, nullable=False),
    # A JSON list of event types.
    Column("events", Text, nullable=False),
    # Every delivery is signed with it (HMAC), so that a digest would not do. It is answered once, at the creation.
    Column("secret", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_webhooks_user_id_id", "user_id", "id"),
    sqlite_autoincrement=True,
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("webhook_id", Identifier, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", String(64), nullable=False),
    Column("type", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    # When (ms since 1970) a pending one is due: after a failure, or when the lease of who makes it runs out.
    Column("due_at", BigInteger, nullable=False),
    # What the receiver answered last; NULL where no answer came.
    Column("answered", Integer),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    CheckConstraint("status IN ('pending', 'delivered', 'dead')", name="ck_webhook_deliveries_status"),
    Index("ix_webhook_deliveries_webhook_id_id", "webhook_id", "id"),
    Index("ix_webhook_deliveries_created_at", "created_at"),
    Index(
        "ix_webhook_deliveries_due_at",
        "due_at",
        "webhook_id",
        "id",
        sqlite_where=PENDING,
        postgresql_where=PENDING,
    ),
    sqlite_autoincrement=True,
)
