from sqlalchemy import BigInteger, Column, Index, String, Table

from target_app.schema import metadata

#: Events of the payment provider that have been received: the same one is not acted on again.
payment_events = Table(
    "payment_events",
    metadata,
    Column("id", String(255), primary_key=True),
    Column("received_at", BigInteger, nullable=False),
    Index("ix_payment_events_received_at", "received_at"),
    sqlite_with_rowid=False,
)
