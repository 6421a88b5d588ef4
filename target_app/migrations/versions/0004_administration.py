"""administration"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STAFF = sa.text("role <> 'reader'")
SUSPENDED = sa.text("suspended_at IS NOT NULL")


def identifier() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE users ALTER COLUMN username TYPE VARCHAR(255) COLLATE "C"')
    # Not by batch, which makes the table anew on SQLite: dropping the old one would take all that refers to it along.
    op.execute(
        "ALTER TABLE users ADD COLUMN role VARCHAR(16) DEFAULT 'reader' NOT NULL "
        "CONSTRAINT ck_users_role CHECK (role IN ('reader', 'moderator', 'admin'))"
    )
    op.add_column("users", sa.Column("suspended_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_users_role_username", "users", ["role", "username"], sqlite_where=STAFF, postgresql_where=STAFF)
    op.create_index(
        "ix_users_suspended_username", "users", ["username"], sqlite_where=SUSPENDED, postgresql_where=SUSPENDED
    )
    op.create_table(
        "audit_log",
        sa.Column("number", identifier(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_log")),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )


def downgrade() -> None:
    op.drop_table("audit_head")
    op.drop_table("audit_log")
    op.drop_index("ix_users_suspended_username", "users")
    op.drop_index("ix_users_role_username", "users")
    op.execute("ALTER TABLE users DROP COLUMN suspended_at")
    op.execute("ALTER TABLE users DROP COLUMN role")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE users ALTER COLUMN username TYPE VARCHAR(255)")
