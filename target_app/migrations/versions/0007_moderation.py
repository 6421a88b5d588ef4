"""moderation"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OPEN = sa.text("status = 'open'")
CLOSED = sa.text("status <> 'open'")
STAFF = sa.text("role <> 'reader'")


def identifier() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("id", identifier(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", identifier(), nullable=False),
        sa.Column("reporter_id", identifier(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", identifier(), nullable=True),
        sa.CheckConstraint("kind IN ('article', 'comment')", name=op.f("ck_reports_kind")),
        sa.CheckConstraint("status IN ('open', 'dismissed', 'removed')", name=op.f("ck_reports_status")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_reports_author_id_users")),
        sa.ForeignKeyConstraint(["reporter_id"], ["users.id"], name=op.f("fk_reports_reporter_id_users")),
        sa.ForeignKeyConstraint(["closed_by"], ["users.id"], name=op.f("fk_reports_closed_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_reports_kind_object_id_reporter_id",
        "reports",
        ["kind", "object_id", "reporter_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index("ix_reports_open_id", "reports", ["id"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_reports_closed_id", "reports", ["id"], sqlite_where=CLOSED, postgresql_where=CLOSED)
    op.create_table(
        "page_sessions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", identifier(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_page_sessions_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_page_sessions")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_page_sessions_user_id", "page_sessions", ["user_id"])
    op.create_index("ix_page_sessions_expires_at", "page_sessions", ["expires_at"])
    # The list of staff is in the order of names, as every list of accounts.
    op.drop_index("ix_users_role_username", "users")
    op.create_index("ix_users_staff_username", "users", ["username"], sqlite_where=STAFF, postgresql_where=STAFF)


def downgrade() -> None:
    op.drop_index("ix_users_staff_username", "users")
    op.create_index("ix_users_role_username", "users", ["role", "username"], sqlite_where=STAFF, postgresql_where=STAFF)
    op.drop_table("page_sessions")
    op.drop_table("reports")
