from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, String, Table, Text

from target_app.schema import Identifier, metadata

audit_log = Table(
    "audit_log",
    metadata,
    Column("number", Identifier, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    # No foreign keys: the log outlives whom and what it tells of.
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("object", String(64), nullable=False),
    Column("details", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

#: One row: where the chain ends, so that a missing end is seen.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("mac", String(64), nullable=False),
    CheckConstraint("id = 1", name="ck_audit_head_id"),
)
