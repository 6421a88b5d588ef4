"""avatars"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pictures",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pictures")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "avatars",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("picture", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_avatars_user_id_users"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["picture"], ["pictures.name"], name=op.f("fk_avatars_picture_pictures")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_avatars")),
    )
    op.create_index("ix_avatars_picture", "avatars", ["picture"], unique=False)


def downgrade() -> None:
    op.drop_table("avatars")
    op.drop_table("pictures")
