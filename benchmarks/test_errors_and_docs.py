import asyncio

from pytest_benchmark.fixture import BenchmarkFixture
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import Message, Receive, Scope, Send

from benchmarks.asgi import get, sent_to
from benchmarks.calls import finished, measure_on_loop
from benchmarks.levels import each_level
from target_app.controls.errors_and_docs import ERRORS_AND_DOCS
from target_app.controls.model import Kit
from target_app.database import Connection


def failure(connection: Connection) -> OperationalError:
    """What a missing table raises, with the traceback that leads through SQLAlchemy."""
    try:
        finished(connection.rows(text("SELECT name FROM no_such_table")))
    except OperationalError as error:
        return error
    raise AssertionError("a table that does not exist was read")


@each_level(ERRORS_AND_DOCS)
def test_answer_a_failure(
    benchmark: BenchmarkFixture, kit: Kit, connection: Connection, loop: asyncio.AbstractEventLoop, level: str
) -> None:
    """Hypothesis: nothing, for it differs only where a request fails: there the generic answer is the cheapest, some
    tens of µs; a formatted traceback takes about a millisecond, and the debug page with its source lines more.
    """
    failures = ERRORS_AND_DOCS.level(level).build(kit)
    error = failure(connection)
    traceback = error.__traceback__

    async def failing(_scope: Scope, _receive: Receive, _send: Send) -> None:
        # Without its first traceback the error would collect a frame for each time it is raised.
        raise error.with_traceback(traceback)

    app = ServerErrorMiddleware(failing, failures.on_failure, debug=bool(failures.options.get("debug")))
    sent: list[Message] = []

    async def answer() -> None:
        sent.clear()
        try:
            await sent_to(sent, app, get("/api/tags"))
        except OperationalError:
            return

    measure_on_loop(benchmark, loop, answer)
    assert sent[0]["status"] == 500
