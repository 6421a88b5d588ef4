from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import finished, measure_step
from benchmarks.levels import each_level
from benchmarks.lists import LIMIT, everything, statements
from target_app.controls.model import Kit
from target_app.controls.response_fields import RESPONSE_FIELDS
from target_app.database import Connection
from target_app.treatment import PROFILES
from target_app.tuning.query_shape import QUERY_SHAPE, ArticleLoader

READER = 1


def loader(kit: Kit, level: str) -> ArticleLoader:
    """This level's loader, everything else as `hardened` has it."""
    return QUERY_SHAPE.level(level).build(kit)(RESPONSE_FIELDS.build(PROFILES["hardened"], kit))


def measure_list(benchmark: BenchmarkFixture, kit: Kit, connection: Connection, level: str, viewer: int | None) -> None:
    """Measure one page of 20, and count the statements that it takes."""
    articles = loader(kit, level)
    selection = everything(kit)
    before = statements(kit)
    finished(articles.page(connection, selection, viewer, LIMIT, 0))
    benchmark.extra_info["statements"] = statements(kit) - before
    page = measure_step(benchmark, lambda: articles.page(connection, selection, viewer, LIMIT, 0))
    assert len(page.articles) == LIMIT


@each_level(QUERY_SHAPE)
def test_list_of_20(benchmark: BenchmarkFixture, kit: Kit, connection: Connection, level: str) -> None:
    """Hypothesis: N+1 multiplies the price of a list by more than five: 1 statement against 62."""
    measure_list(benchmark, kit, connection, level, None)


@each_level(QUERY_SHAPE)
def test_list_of_20_signed_in(benchmark: BenchmarkFixture, kit: Kit, connection: Connection, level: str) -> None:
    """Hypothesis: the factor grows when somebody is signed in: still 1 statement against 102."""
    measure_list(benchmark, kit, connection, level, READER)
