from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from target_app.schema import Identifier, metadata

articles = Table(
    "articles",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("author_id", Identifier, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("slug", String(255), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("draft", Boolean, nullable=False),
    # Kept in step with article_tags and favorites in the same transaction: a list reads one row per article.
    Column("tag_list", Text, nullable=False),
    Column("favorites_count", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    # Minor units; 0 is free.
    Column("price", Integer, nullable=False, server_default="0"),
    # Newest first is highest id first: one index per list, each ending in the order that the list is read in.
    Index("ix_articles_draft_id", "draft", "id"),
    Index("ix_articles_draft_favorites_count_id", "draft", "favorites_count", "id"),
    Index("ix_articles_author_id_draft_id", "author_id", "draft", "id"),
    sqlite_autoincrement=True,
)

article_tags = Table(
    "article_tags",
    metadata,
    Column("article_id", Identifier, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", String(255), primary_key=True),
    Column("position", Integer, nullable=False),
    # The article's own, kept in step: the most popular articles of a tag are then the end of one index.
    Column("favorites_count", Integer, nullable=False, server_default="0"),
    Index("ix_article_tags_tag_article_id", "tag", "article_id"),
    Index("ix_article_tags_tag_favorites_count_article_id", "tag", "favorites_count", "article_id"),
    sqlite_with_rowid=False,
)

#: How many published articles carry a tag; `GET /api/tags` reads this table alone.
tags = Table(
    "tags",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("articles_count", Integer, nullable=False),
    sqlite_with_rowid=False,
)

#: How many published articles there are, in a few rows by author: writers of different ones seldom wait for each other.
BUCKETS = 16
article_counts = Table(
    "article_counts",
    metadata,
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("articles_count", Integer, nullable=False),
)

favorites = Table(
    "favorites",
    metadata,
    Column("user_id", Identifier, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("article_id", Identifier, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_favorites_article_id", "article_id"),
    sqlite_with_rowid=False,
)
