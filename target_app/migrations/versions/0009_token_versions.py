"""token versions"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("users", "tickets"):
        op.add_column(table, sa.Column("token_version", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    for table in ("tickets", "users"):
        op.execute(f"ALTER TABLE {table} DROP COLUMN token_version")
