"""What each way in which the backend saves time gains: the way that was left, and the one that was taken."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import orjson
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from pytest_benchmark.fixture import BenchmarkFixture
from sqlalchemy import bindparam, func, insert, literal, select
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.routing import Match

from benchmarks.asgi import answered, get
from benchmarks.calls import finished, measure, measure_on_loop, measure_step
from benchmarks.levels import STEADY
from benchmarks.lists import LIMIT, everything
from target_app.app import add_api
from target_app.articles.models import article_counts, articles
from target_app.articles.rows import summary
from target_app.articles.schemas import ArticlesAnswer
from target_app.comments.models import comments
from target_app.controls.model import Kit
from target_app.controls.response_fields import RESPONSE_FIELDS
from target_app.database import ALIVE, Connection, OpenConnection, asyncpg_url, connect
from target_app.metrics import Metrics
from target_app.prepared import Prepared
from target_app.treatment import PROFILES
from target_app.tuning.query_shape import QUERY_SHAPE
from target_app.unit_of_work import UnitOfWork
from target_app.users.models import users
from target_app.web.route import Route
from target_app.web.visit import Anyone, Visit, visit
from tests.parts.postgres import postgres_cluster

pytestmark = pytest.mark.benchmark(group="gains", **STEADY)

BY_ID = select(users.c.id, users.c.username, users.c.email, users.c.bio, users.c.image).where(
    users.c.id == bindparam("user")
)
SAY = insert(comments).values(
    article_id=bindparam("article"), author_id=bindparam("author"), body="Said", created_at=0, updated_at=0
)
COUNTED = select(func.count()).select_from(articles).where(~articles.c.draft)
ONE = select(literal(1))
KEPT = select(func.sum(article_counts.c.articles_count))

either = pytest.mark.parametrize("taken", [False, True], ids=["left", "taken"])


@either
def test_select(benchmark: BenchmarkFixture, connection: Connection, taken: bool) -> None:
    """Hypothesis: a prepared SELECT of one row saves three quarters of what SQLAlchemy takes to execute it."""
    prepared, keys = Prepared(BY_ID), {"user": 1}
    ways: dict[bool, Callable[[], Any]] = {
        False: lambda: connection.row(BY_ID, keys),
        True: lambda: connection.fetch_one(prepared, keys),
    }
    found = measure_step(benchmark, ways[taken])
    assert found is not None
    assert found[0] == 1


@pytest.fixture
def writer(kit: Kit, loop: asyncio.AbstractEventLoop) -> Iterator[OpenConnection]:
    """A transaction that is undone."""
    opened = loop.run_until_complete(kit.database.open_writing())
    yield opened
    loop.run_until_complete(opened.rollback())


@either
def test_insert(benchmark: BenchmarkFixture, writer: OpenConnection, taken: bool) -> None:
    """Hypothesis: a prepared INSERT saves even more: SQLAlchemy does more for one."""
    prepared, values = Prepared(SAY), {"article": 1, "author": 1}
    ways: dict[bool, Callable[[], Any]] = {
        False: lambda: writer.run(SAY, values),
        True: lambda: writer.change(prepared, values),
    }
    assert measure_step(benchmark, ways[taken]) == 1


async def visited(request: Request) -> Visit:
    """The visit, as a dependency that FastAPI solves."""
    return await visit(request, UnitOfWork(request.app.state.parts.database))


async def solved(visit: Annotated[Visit, Depends(visited)]) -> Response:
    """The endpoint, as FastAPI's own route calls it."""
    return Response(b"{}" if visit.user is None else b"")


async def called(visit: Anyone) -> Response:
    """The endpoint, as our route calls it."""
    return Response(b"{}" if visit.user is None else b"")


@either
def test_route(benchmark: BenchmarkFixture, kit: Kit, taken: bool) -> None:
    """Hypothesis: calling an endpoint with what it always takes saves two thirds of FastAPI's general way."""
    app = FastAPI(openapi_url=None, telemetry={"tracing": False, "metrics": False, "logs": False})
    app.state.parts = kit  # of the parts, a bare visit needs the database alone
    router = APIRouter(route_class=Route) if taken else APIRouter()
    if taken:
        router.add_api_route("/", called)
    else:
        router.add_api_route("/", solved)
    app.router.routes.extend(router.routes)
    start, body = measure_step(benchmark, lambda: answered(app, get("/")))
    assert (start["status"], body["body"]) == (200, b"{}")


@either
def test_encode(benchmark: BenchmarkFixture, kit: Kit, connection: Connection, taken: bool) -> None:
    """Hypothesis: 20 articles written as they are declared cost a fifth of validating and dumping a model of them."""
    fields = RESPONSE_FIELDS.build(PROFILES["hardened"], kit)
    loader = QUERY_SHAPE.build(PROFILES["hardened"], kit)(fields)
    page = finished(loader.page(connection, everything(kit), None, LIMIT, 0))
    model = TypeAdapter(ArticlesAnswer)
    shown = {"articles": [summary(row, fields) for row in page.articles], "articlesCount": page.total}
    plain = orjson.loads(orjson.dumps(shown))
    ways: dict[bool, Callable[[], bytes]] = {
        False: lambda: model.dump_json(model.validate_python(plain)),
        True: lambda: orjson.dumps(shown),
    }
    assert orjson.loads(measure(benchmark, ways[taken]))["articlesCount"] == page.total


@either
def test_count(benchmark: BenchmarkFixture, connection: Connection, taken: bool) -> None:
    """Hypothesis: a count that is kept costs a sixth of counting 1,000 articles, and the same at 100,000."""
    ways = {False: Prepared(COUNTED), True: Prepared(KEPT)}
    found = measure_step(benchmark, lambda: connection.fetch_one(ways[taken]))
    assert found
    assert found[0] > 900


@either
def test_matching(benchmark: BenchmarkFixture, taken: bool) -> None:
    """Hypothesis: a route that looks at how a path begins says no for a quarter of what its pattern takes."""
    app = FastAPI(openapi_url=None)
    add_api(app)
    routes = [route for route in app.router.routes if isinstance(route, Route)]
    scope = get("/api/webhooks/3/deliveries")
    ways: dict[bool, Callable[[], list[tuple[Match, Any]]]] = {
        False: lambda: [APIRoute.matches(route, scope) for route in routes],
        True: lambda: [route.matches(scope) for route in routes],
    }
    assert sum(match is Match.FULL for match, _ in measure(benchmark, ways[taken])) == 1


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The URL of an empty database on PostgreSQL."""
    with postgres_cluster() as cluster:
        yield cluster.create("gains")


@either
def test_postgres(benchmark: BenchmarkFixture, loop: asyncio.AbstractEventLoop, postgres: str, taken: bool) -> None:
    """Hypothesis: with connections that stay open and a driver that is asked directly, two thirds of what a read costs
    this process are saved; what remains is the driver's.
    """
    engine = create_async_engine(asyncpg_url(postgres), isolation_level="AUTOCOMMIT")
    database = connect(postgres, Metrics())

    async def through_sqlalchemy() -> Any:
        async with engine.connect() as connection:
            return (await connection.execute(ONE)).first()

    async def asked_directly() -> Any:
        connection = await database.open_reading()
        row = await connection.fetch_one(ALIVE)
        await connection.rollback()
        return row

    row = measure_on_loop(benchmark, loop, asked_directly if taken else through_sqlalchemy)
    loop.run_until_complete(database.close())
    loop.run_until_complete(engine.dispose())
    assert row[0] == 1
