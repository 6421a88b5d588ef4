"""Content becomes bytes; what reading whole rows costs the database shows in a duet."""

import time
import timeit
from collections.abc import Callable

import orjson
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import finished, measure
from benchmarks.levels import STEADY, each_level
from benchmarks.lists import LIMIT, everything
from benchmarks.output import console
from target_app.articles.rows import detail, summary
from target_app.articles.schemas import ArticleAnswer, ArticlesAnswer
from target_app.controls.model import Kit
from target_app.controls.response_fields import RESPONSE_FIELDS
from target_app.database import Connection
from target_app.treatment import PROFILES
from target_app.tuning.query_shape import Joined
from target_app.tuning.serializer import SERIALIZER


def list_of_20(kit: Kit, connection: Connection, level: str) -> Callable[[], bytes]:
    """What shows twenty articles that were read before."""
    serializer = SERIALIZER.level(level).build(kit)(RESPONSE_FIELDS.build(PROFILES["hardened"], kit))
    page = finished(Joined(serializer.fields).page(connection, everything(kit), None, LIMIT, 0))

    def render() -> bytes:
        shown = [summary(row, serializer.fields) for row in page.articles]
        return serializer.encoded({"articles": shown, "articlesCount": page.total}, ArticlesAnswer)

    return render


@each_level(SERIALIZER)
def test_list_of_20(benchmark: BenchmarkFixture, kit: Kit, connection: Connection, level: str) -> None:
    """Hypothesis: models take five times what twenty articles take without; raw rows are more to write."""
    render = list_of_20(kit, connection, level)
    assert len(orjson.loads(measure(benchmark, render))["articles"]) == LIMIT


@each_level(SERIALIZER)
def test_article(benchmark: BenchmarkFixture, kit: Kit, connection: Connection, level: str) -> None:
    """Hypothesis: a model adds a few µs to one article."""
    serializer = SERIALIZER.level(level).build(kit)(RESPONSE_FIELDS.build(PROFILES["hardened"], kit))
    page = finished(Joined(serializer.fields).page(connection, everything(kit), None, 1, 0))

    def render() -> bytes:
        return serializer.encoded({"article": detail(page.articles[0], None, serializer.fields)}, ArticleAnswer)

    assert orjson.loads(measure(benchmark, render))["article"]["slug"] == page.articles[0].slug


@pytest.mark.benchmark(group=SERIALIZER.name, **STEADY)
def test_same_bytes(
    benchmark: BenchmarkFixture, kit: Kit, connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    """Hypothesis: the same bytes cost a fifth where no model stands between; the trap, which tempts with that, twice
    as much. Prints the ratios.
    """
    model, declared, raw = (list_of_20(kit, connection, level.name) for level in SERIALIZER.levels)
    assert measure(benchmark, declared) == model()
    reference = shortest(model)
    with capsys.disabled():
        console().print(
            f"\n20 articles, of response_model: bytes_from_declared {shortest(declared) / reference:.2f}, "
            f"raw_row {shortest(raw) / reference:.2f}"
        )


def shortest(call: Callable[[], bytes]) -> float:
    """The CPU time of twenty calls, the shortest of twenty times."""
    return min(timeit.repeat(call, timer=time.process_time, number=20, repeat=20))
