"""Double entry: every transaction's entries sum to zero. Amounts are integer minor units.

A positive entry is money owed to the account's owner. `clearing` is what the payment provider holds, as a negative sum.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table

from target_app.schema import Identifier, metadata

#: The two accounts of the house; an author's account has the author's user id, which is above both.
PLATFORM = 0
CLEARING = -1

ledger_accounts = Table(
    "ledger_accounts",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    # Kept in step with the entries in the same transaction. NULL for the house: one row that every settlement
    # of every author changed would make them wait for each other, and nothing is ever paid out from there.
    Column("balance", BigInteger),
    CheckConstraint("balance >= 0", name="ck_ledger_accounts_balance"),
)

ledger_transactions = Table(
    "ledger_transactions",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("order_id", Identifier, ForeignKey("orders.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    CheckConstraint("kind IN ('settlement', 'refund')", name="ck_ledger_transactions_kind"),
    # One settlement an order, and one refund.
    Index("uq_ledger_transactions_order_id_kind", "order_id", "kind", unique=True),
    sqlite_autoincrement=True,
)

ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("transaction_id", Identifier, ForeignKey("ledger_transactions.id"), primary_key=True),
    Column("account_id", Identifier, ForeignKey("ledger_accounts.id"), primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Index("ix_ledger_entries_account_id_transaction_id", "account_id", "transaction_id"),
    sqlite_with_rowid=False,
)
