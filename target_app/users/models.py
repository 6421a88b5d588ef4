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

#: The few rows that lists of administrators look for.
STAFF: ColumnElement[bool] = literal_column("role <> 'reader'")
SUSPENDED: ColumnElement[bool] = literal_column("suspended_at IS NOT NULL")
#: Compared and ordered by code point on both databases, so that the index of all names also finds those of a prefix.
Username = String(255).with_variant(String(255, collation="C"), "postgresql")

users = Table(
    "users",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("username", Username, nullable=False, unique=True),
    Column("email", String(255), nullable=False, unique=True),
    Column("password_hash", String(255), nullable=False),
    Column("bio", Text),
    Column("image", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("role", String(16), nullable=False, server_default="reader"),
    # ms since 1970; NULL for an account in use.
    Column("suspended_at", BigInteger),
    # How often all tokens of the user were given up: those written under this number are good.
    Column("token_version", Integer, nullable=False, server_default="0"),
    CheckConstraint("role IN ('reader', 'moderator', 'admin')", name="ck_users_role"),
    Index("ix_users_staff_username", "username", sqlite_where=STAFF, postgresql_where=STAFF),
    Index("ix_users_suspended_username", "username", sqlite_where=SUSPENDED, postgresql_where=SUSPENDED),
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
