import orjson
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure
from benchmarks.levels import each_level
from target_app.controls.deserialization import DESERIALIZATION, Deserialization
from target_app.controls.input_limits import INPUT_LIMITS
from target_app.controls.model import Kit
from target_app.transfer import plain_yaml

ARTICLE = {"title": "A title", "description": "About it", "body": "Words. " * 100}
FILE = {"articles": [{**ARTICLE, "tagList": ["one", "two"]} for _ in range(10)]}


def built(kit: Kit, level: str) -> Deserialization:
    """This level, within the limits that `hardened` has."""
    return DESERIALIZATION.level(level).build(kit)(INPUT_LIMITS.level("on").build(kit))


@each_level(DESERIALIZATION)
def test_read_json(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: nothing: every level walks a JSON document before it is parsed, some tens of µs for ten articles."""
    assert measure(benchmark, built(kit, level).load, orjson.dumps(FILE), "application/json") == FILE


@each_level(DESERIALIZATION)
def test_read_yaml(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: a millisecond or two for ten articles, as the document is walked once before it is read; `yaml_load`
    walks it not, and takes half as long.
    """
    assert measure(benchmark, built(kit, level).load, plain_yaml.dump(FILE), "application/yaml") == FILE
