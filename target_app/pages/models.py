from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table

from target_app.schema import Identifier, metadata

page_sessions = Table(
    "page_sessions",
    metadata,
    # Of the cookie's value: who reads the table cannot sign in with it.
    Column("digest", String(64), primary_key=True),
    Column("user_id", Identifier, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    # ms since 1970: when it ends if it is used no more, and when it ends in any case.
    Column("expires_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Index("ix_page_sessions_user_id", "user_id"),
    Index("ix_page_sessions_expires_at", "expires_at"),
    sqlite_with_rowid=False,
)
