from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from target_app.schema import Identifier, metadata

comments = Table(
    "comments",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("article_id", Identifier, ForeignKey("articles.id", ondelete="CASCADE"), nullable=False),
    Column("author_id", Identifier, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("ix_comments_article_id_id", "article_id", "id"),
    Index("ix_comments_author_id", "author_id"),
    sqlite_autoincrement=True,
)
