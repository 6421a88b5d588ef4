from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table

from target_app.schema import Identifier, metadata

coupons = Table(
    "coupons",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("code", String(64), nullable=False, unique=True),
    Column("author_id", Identifier, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("article_id", Identifier, ForeignKey("articles.id", ondelete="CASCADE"), nullable=False),
    Column("percent_off", Integer, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("used", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    CheckConstraint("used >= 0 AND used <= uses", name="ck_coupons_used"),
    CheckConstraint("percent_off >= 1 AND percent_off <= 100", name="ck_coupons_percent_off"),
    Index("ix_coupons_author_id_id", "author_id", "id"),
    Index("ix_coupons_article_id", "article_id"),
    sqlite_autoincrement=True,
)
