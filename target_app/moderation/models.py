from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    literal_column,
)

from target_app.schema import Identifier, metadata

#: A report that waits for a moderator. The queue grows with the open ones, whatever was closed before.
OPEN: ColumnElement[bool] = literal_column("status = 'open'")
CLOSED: ColumnElement[bool] = literal_column("status <> 'open'")

reports = Table(
    "reports",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("kind", String(16), nullable=False),
    # No foreign key: a report outlives what it is about, whose number is never given again.
    Column("object_id", BigInteger, nullable=False),
    Column("author_id", Identifier, ForeignKey("users.id"), nullable=False),
    Column("reporter_id", Identifier, ForeignKey("users.id"), nullable=False),
    Column("reason", Text, nullable=False),
    # What the reporter saw, since its author may change or delete it.
    Column("excerpt", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("closed_by", Identifier, ForeignKey("users.id")),
    CheckConstraint("kind IN ('article', 'comment')", name="ck_reports_kind"),
    CheckConstraint("status IN ('open', 'dismissed', 'removed')", name="ck_reports_status"),
    # One open report of a reporter on an object, and all open ones on an object.
    Index(
        "uq_reports_kind_object_id_reporter_id",
        "kind",
        "object_id",
        "reporter_id",
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    ),
    Index("ix_reports_open_id", "id", sqlite_where=OPEN, postgresql_where=OPEN),
    Index("ix_reports_closed_id", "id", sqlite_where=CLOSED, postgresql_where=CLOSED),
    sqlite_autoincrement=True,
)
