"""Reading a body and choosing the columns of its row; writing them is the same at every level."""

import orjson
from pydantic import BaseModel
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure, measure_step
from benchmarks.levels import each_level
from target_app.articles.schemas import NewArticleBody
from target_app.controls.mass_assignment import MASS_ASSIGNMENT
from target_app.controls.model import Kit
from target_app.database import Connection

BODY = orjson.dumps({"article": {"title": "A title", "description": "About it", "body": "Words " * 150, "tagList": []}})
DECIDED = {"author_id": 42, "created_at": 1, "updated_at": 1}


@each_level(MASS_ASSIGNMENT)
def test_article(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: nothing between the levels: an article of a kilobyte becomes columns in 10 µs either way."""
    assignment = MASS_ASSIGNMENT.level(level).build(kit)

    def columns() -> dict[str, object]:
        given = assignment.model(NewArticleBody).model_validate_json(BODY).article.model_dump()
        return assignment.row("articles", given, DECIDED)

    assert measure(benchmark, columns)["author_id"] == 42


@each_level(MASS_ASSIGNMENT)
def test_model(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: which model a body is read as is known in 0.1 µs; every body of every operation asks."""
    assignment = MASS_ASSIGNMENT.level(level).build(kit)
    assert issubclass(measure(benchmark, assignment.model, NewArticleBody), BaseModel)


@each_level(MASS_ASSIGNMENT)
def test_account(benchmark: BenchmarkFixture, kit: Kit, level: str, connection: Connection) -> None:
    """Hypothesis: an update without a balance costs a null call, beyond the half µs of the harness."""
    assignment = MASS_ASSIGNMENT.level(level).build(kit)
    measure_step(benchmark, lambda: assignment.account(connection, 1, {"bio": "Writes"}))
