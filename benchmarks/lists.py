"""The list of articles that benchmarks ask for, and how many statements an answer takes."""

from target_app.controls.model import Kit
from target_app.controls.sql import SQL, Filters, Selection
from target_app.treatment import PROFILES

LIMIT = 20


def everything(kit: Kit) -> Selection:
    """All published articles, newest first, as `hardened` selects them."""
    return SQL.build(PROFILES["hardened"], kit).selection(Filters())


def statements(kit: Kit) -> int:
    """SQL statements executed so far, as `target_db_statements_total` counts them."""
    return int(kit.metrics.registry.get_sample_value("target_db_statements_total") or 0)
