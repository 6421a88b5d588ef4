from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from target_app.schema import Identifier, metadata

#: Tickets that nobody has used yet; `digest` is the SHA-256 of the ticket, in hexadecimal.
tickets = Table(
    "tickets",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("user_id", Identifier, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    # The version of the user's tokens under which it was issued: given up with them.
    Column("token_version", Integer, nullable=False, server_default="0"),
    Index("ix_tickets_expires_at", "expires_at"),
    Index("ix_tickets_user_id", "user_id"),
    sqlite_with_rowid=False,
)
