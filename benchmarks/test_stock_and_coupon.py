import asyncio
from collections.abc import Iterator

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from sqlalchemy import insert, select

from benchmarks.calls import measure_on_loop
from benchmarks.levels import each_level
from target_app.articles.models import articles
from target_app.controls.model import Kit
from target_app.controls.stock_and_coupon import STOCK_AND_COUPON, Taken
from target_app.coupons.models import coupons
from target_app.database import Connection, OpenConnection


@pytest.fixture
def writer(kit: Kit, loop: asyncio.AbstractEventLoop) -> Iterator[OpenConnection]:
    """A transaction that is undone."""
    connection = loop.run_until_complete(kit.database.open_writing())
    yield connection
    loop.run_until_complete(connection.rollback())


@each_level(STOCK_AND_COUPON)
def test_look_and_take(
    benchmark: BenchmarkFixture, loop: asyncio.AbstractEventLoop, kit: Kit, writer: OpenConnection, level: str
) -> None:
    """Hypothesis: one statement, about 10 µs, is cheaper than two; the weak level pays for its flaw."""
    stock = STOCK_AND_COUPON.level(level).build(kit)
    article = loop.run_until_complete(offered(writer))

    async def take() -> Taken | None:
        return await stock.take(writer, "CODE", article, await stock.look(writer, "CODE", article))

    assert measure_on_loop(benchmark, loop, take) is not None


async def offered(connection: Connection) -> int:
    """An article that has a coupon which is never used up."""
    row = await connection.row(select(articles.c.id, articles.c.author_id).limit(1))
    assert row is not None
    values = {"code": "CODE", "article_id": row[0], "author_id": row[1], "percent_off": 50, "created_at": 0}
    await connection.run(insert(coupons).values(**values, uses=10**9, used=0))
    return int(row[0])
