from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text

from target_app.schema import Identifier, metadata

users = Table(
    "users",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("username", String(255), nullable=False, unique=True),
    Column("email", String(255), nullable=False, unique=True),
    Column("password_hash", String(255), nullable=False),
    Column("bio", Text),
    Column("image", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

follows = Table(
    "follows",
    metadata,
    Column("follower_id", Identifier, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("followed_id", Identifier, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_follows_followed_id", "followed_id"),
    sqlite_with_rowid=False,
)
