"""Rendering alone: rows are read before. What fewer columns save in the database shows in a duet."""

from typing import Any

import orjson
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import finished, measure
from benchmarks.levels import each_level
from benchmarks.lists import LIMIT, everything
from target_app.articles.rows import summary
from target_app.controls.model import Kit
from target_app.controls.response_fields import RESPONSE_FIELDS
from target_app.database import Connection
from target_app.tuning.query_shape import Joined
from target_app.users.repository import UserRepository


@each_level(RESPONSE_FIELDS)
def test_render_profile(benchmark: BenchmarkFixture, kit: Kit, connection: Connection, level: str) -> None:
    """Hypothesis: less than nothing: one user's declared fields take a few µs, the whole row somewhat more."""
    fields = RESPONSE_FIELDS.level(level).build(kit)
    row = finished(UserRepository(fields).profile(connection, "reader0001", None))
    assert row is not None

    def render() -> bytes:
        shown: dict[str, Any] = {"username": row.username, "bio": row.bio, "image": row.image, "following": False}
        return orjson.dumps({"profile": fields.complete(shown, row.extra)})

    assert orjson.loads(measure(benchmark, render))["profile"]["username"] == "reader0001"


@each_level(RESPONSE_FIELDS)
def test_render_list_of_20(benchmark: BenchmarkFixture, kit: Kit, connection: Connection, level: str) -> None:
    """Hypothesis: twenty articles with their authors take some tens of µs, and up to twice that with whole rows."""
    fields = RESPONSE_FIELDS.level(level).build(kit)
    page = finished(Joined(fields).page(connection, everything(kit), None, LIMIT, 0))

    def render() -> bytes:
        shown = [summary(row, fields) for row in page.articles]
        return orjson.dumps({"articles": shown, "articlesCount": page.total})

    assert len(orjson.loads(measure(benchmark, render))["articles"]) == LIMIT
