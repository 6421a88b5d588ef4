from itertools import count

from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure_step
from benchmarks.levels import each_level
from benchmarks.lists import LIMIT
from target_app.articles.repository import ArticleRepository
from target_app.articles.rows import Page
from target_app.controls.model import Kit
from target_app.controls.response_fields import RESPONSE_FIELDS
from target_app.controls.sql import SQL, Filters
from target_app.database import Connection
from target_app.treatment import PROFILES
from target_app.tuning.query_shape import QUERY_SHAPE

HARDENED = PROFILES["hardened"]


def repository(kit: Kit, level: str) -> ArticleRepository:
    """Articles through this level of sql, everything else as `hardened` has it."""
    loader = QUERY_SHAPE.build(HARDENED, kit)(RESPONSE_FIELDS.build(HARDENED, kit))
    return ArticleRepository(SQL.level(level).build(kit), loader)


@each_level(SQL)
def test_list_by_known_tag(benchmark: BenchmarkFixture, kit: Kit, connection: Connection, level: str) -> None:
    """Hypothesis: nothing while the filter was asked for before: either statement is found built and prepared."""
    articles = repository(kit, level)
    page = measure_step(benchmark, lambda: articles.page(connection, Filters(tag="python"), None, LIMIT, 0))
    assert len(page.articles) == LIMIT


@each_level(SQL)
def test_list_by_new_author(benchmark: BenchmarkFixture, kit: Kit, connection: Connection, level: str) -> None:
    """Hypothesis: a value never seen before costs a bound statement nothing and a string-built one its building and
    compiling, about a millisecond. The lists are empty, so that rows do not hide it.
    """
    articles = repository(kit, level)
    numbers = count()

    async def by_new_author() -> Page:
        return await articles.page(connection, Filters(author=f"nobody{next(numbers)}"), None, LIMIT, 0)

    assert not measure_step(benchmark, by_new_author).articles
