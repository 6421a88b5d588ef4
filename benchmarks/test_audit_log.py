import asyncio

from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure_on_loop
from benchmarks.levels import each_level
from target_app.controls.audit_log import AUDIT_LOG, Actor
from target_app.controls.model import Kit
from target_app.unit_of_work import UnitOfWork


@each_level(AUDIT_LOG)
def test_record(benchmark: BenchmarkFixture, kit: Kit, loop: asyncio.AbstractEventLoop, level: str) -> None:
    """Hypothesis: off is not there. A line of a text file is opened, written and closed in 10 to 20 µs. A chained row
    is two look-ups, an insertion and an update in the transaction of the act, and four keyed hashes: about 400 µs, most
    of it SQLAlchemy's. The transaction is undone; its commit is the act's own.
    """
    log = AUDIT_LOG.level(level).build(kit)

    async def record() -> None:
        work = UnitOfWork(kit.database)
        await log.record(work, Actor(7, "reader0007"), "role.changed", "user:8", {"from": "reader", "to": "moderator"})
        await work.rollback()

    measure_on_loop(benchmark, loop, record)
