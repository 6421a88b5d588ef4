"""Reading a body and taking its fields out of it, as every operation that writes does."""

from typing import Any

import orjson
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure
from benchmarks.levels import each_level
from target_app.articles.schemas import NewArticleBody
from target_app.controls.model import Kit
from target_app.tuning.input_validation import INPUT_VALIDATION


@pytest.mark.parametrize("words", [20, 150, 1500])
@each_level(INPUT_VALIDATION)
def test_article(benchmark: BenchmarkFixture, kit: Kit, level: str, words: int) -> None:
    """Hypothesis: an article of a kilobyte is validated in 7 µs and trusted in 5; of nine, in 26 and 11."""
    validation = INPUT_VALIDATION.level(level).build(kit)
    article = {"title": "A title", "description": "About it", "body": "Words " * words, "tagList": []}
    body = orjson.dumps({"article": article})

    def fields() -> dict[str, Any]:
        return validation.read(body, NewArticleBody).article.model_dump()

    assert measure(benchmark, fields) == {**article, "draft": False, "price": 0}
