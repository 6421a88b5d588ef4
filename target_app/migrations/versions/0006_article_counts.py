"""article counts"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("article_tags", sa.Column("favorites_count", sa.Integer(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE article_tags SET favorites_count = "
        "(SELECT favorites_count FROM articles WHERE articles.id = article_tags.article_id)"
    )
    op.create_index(
        "ix_article_tags_tag_favorites_count_article_id", "article_tags", ["tag", "favorites_count", "article_id"]
    )
    op.create_table(
        "article_counts",
        sa.Column("bucket", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("articles_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_article_counts")),
    )
    op.execute(
        "INSERT INTO article_counts (bucket, articles_count) "
        "SELECT author_id % 16, COUNT(*) FROM articles WHERE NOT draft GROUP BY 1"
    )


def downgrade() -> None:
    op.drop_table("article_counts")
    with op.batch_alter_table("article_tags", schema=None) as batch_op:
        batch_op.drop_index("ix_article_tags_tag_favorites_count_article_id")
        batch_op.drop_column("favorites_count")
