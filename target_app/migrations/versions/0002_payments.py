"""payments"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LIVE = sa.text("status IN ('pending', 'paid')")
OPEN = sa.text("status IN ('pending', 'refunding')")


def identifier() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("articles", schema=None) as batch_op:
        batch_op.add_column(sa.Column("price", sa.Integer(), nullable=False, server_default="0"))

    op.create_table(
        "orders",
        sa.Column("id", identifier(), nullable=False),
        sa.Column("buyer_id", identifier(), nullable=False),
        sa.Column("author_id", identifier(), nullable=False),
        sa.Column("article_id", sa.BigInteger(), nullable=False),
        sa.Column("coupon_id", sa.BigInteger(), nullable=True),
        sa.Column("slug", sa.String(length=255), nullable=False),
        sa.Column("price", sa.Integer(), nullable=False),
        sa.Column("discount", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("charge_id", sa.String(length=255), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0 AND discount >= 0 AND amount = price - discount", name="ck_orders_amount"),
        sa.CheckConstraint(
            "status IN ('pending', 'paid', 'declined', 'refunding', 'refunded')", name="ck_orders_status"
        ),
        sa.ForeignKeyConstraint(["buyer_id"], ["users.id"], name=op.f("fk_orders_buyer_id_users")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_orders_author_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_orders_buyer_id_idempotency_key", "orders", ["buyer_id", "idempotency_key"], unique=True)
    op.create_index(
        "uq_orders_buyer_id_article_id",
        "orders",
        ["buyer_id", "article_id"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.create_index("ix_orders_buyer_id_id", "orders", ["buyer_id", "id"])
    op.create_index("ix_orders_lease_until", "orders", ["lease_until"], sqlite_where=OPEN, postgresql_where=OPEN)

    op.create_table(
        "coupons",
        sa.Column("id", identifier(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("author_id", identifier(), nullable=False),
        sa.Column("article_id", identifier(), nullable=False),
        sa.Column("percent_off", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("used >= 0 AND used <= uses", name="ck_coupons_used"),
        sa.CheckConstraint("percent_off >= 1 AND percent_off <= 100", name="ck_coupons_percent_off"),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_coupons_author_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_coupons_article_id_articles"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupons")),
        sa.UniqueConstraint("code", name=op.f("uq_coupons_code")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_coupons_author_id_id", "coupons", ["author_id", "id"])
    op.create_index("ix_coupons_article_id", "coupons", ["article_id"])

    accounts = op.create_table(
        "ledger_accounts",
        sa.Column("id", identifier(), autoincrement=False, nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("balance >= 0", name="ck_ledger_accounts_balance"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_accounts")),
    )
    # The house: what it earns (0), and what the payment provider holds (-1).
    op.bulk_insert(accounts, [{"id": 0, "balance": None}, {"id": -1, "balance": None}])

    op.create_table(
        "ledger_transactions",
        sa.Column("id", identifier(), nullable=False),
        sa.Column("order_id", identifier(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('settlement', 'refund')", name="ck_ledger_transactions_kind"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_ledger_transactions_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transactions")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_ledger_transactions_order_id_kind", "ledger_transactions", ["order_id", "kind"], unique=True)

    op.create_table(
        "ledger_entries",
        sa.Column("transaction_id", identifier(), nullable=False),
        sa.Column("account_id", identifier(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["ledger_transactions.id"],
            name=op.f("fk_ledger_entries_transaction_id_ledger_transactions"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["ledger_accounts.id"], name=op.f("fk_ledger_entries_account_id_ledger_accounts")
        ),
        sa.PrimaryKeyConstraint("transaction_id", "account_id", name=op.f("pk_ledger_entries")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_ledger_entries_account_id_transaction_id", "ledger_entries", ["account_id", "transaction_id"])

    op.create_table(
        "payment_events",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_events")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_payment_events_received_at", "payment_events", ["received_at"])


def downgrade() -> None:
    for table in ("payment_events", "ledger_entries", "ledger_transactions", "ledger_accounts", "coupons", "orders"):
        op.drop_table(table)
    with op.batch_alter_table("articles", schema=None) as batch_op:
        batch_op.drop_column("price")
