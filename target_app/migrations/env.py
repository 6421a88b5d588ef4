"""Alembic's entry: runs the migrations on the connection that `migrations.run` hands over."""

from alembic import context

from target_app.articles import models as _articles  # noqa: F401  # registers its tables
from target_app.audit import models as _audit  # noqa: F401
from target_app.comments import models as _comments  # noqa: F401
from target_app.controls import state as _state  # noqa: F401
from target_app.coupons import models as _coupons  # noqa: F401
from target_app.ledger import models as _ledger  # noqa: F401
from target_app.moderation import models as _moderation  # noqa: F401
from target_app.orders import models as _orders  # noqa: F401
from target_app.pages import models as _pages  # noqa: F401
from target_app.payments import models as _payments  # noqa: F401
from target_app.realtime import models as _realtime  # noqa: F401
from target_app.schema import metadata
from target_app.users import models as _users  # noqa: F401

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
