from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure
from benchmarks.levels import each_level
from target_app.controls.file_path import FILE_PATH
from target_app.controls.model import Kit

NAME = f"{'0' * 64}.webp"


@each_level(FILE_PATH)
def test_find(benchmark: BenchmarkFixture, kit: Kit, tmp_path: Path, level: str) -> None:
    """Hypothesis: some tens of µs more than `joined`: each part of the path is asked whether it is a link."""
    (tmp_path / NAME).write_bytes(b"a picture")
    find = FILE_PATH.level(level).build(kit)(tmp_path).find
    assert measure(benchmark, find, NAME).name == NAME
