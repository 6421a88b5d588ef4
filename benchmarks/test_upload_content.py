from io import BytesIO

from PIL import Image
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure
from benchmarks.levels import each_level
from target_app.controls.model import Kit
from target_app.controls.upload_content import UPLOAD_CONTENT
from target_app.web.multipart import Upload


def photograph(width: int, height: int) -> Upload:
    """A JPEG with as much in it as one that a camera takes."""
    stream = BytesIO()
    Image.effect_noise((width, height), 50).convert("RGB").save(stream, "JPEG")
    return Upload(stream.getvalue(), "me.jpg", "image/jpeg")


@each_level(UPLOAD_CONTENT)
def test_accept_a_small_picture(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: ten milliseconds to read a picture of 256 pixels and write it anew; nothing to keep it."""
    accepted = measure(benchmark, UPLOAD_CONTENT.level(level).build(kit).accept, photograph(256, 256))
    assert accepted.suffix in {".webp", ".jpg"}


@each_level(UPLOAD_CONTENT)
def test_accept_a_photograph(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: some tens of milliseconds for two million pixels, for a JPEG is decoded at a fraction of its size."""
    accepted = measure(benchmark, UPLOAD_CONTENT.level(level).build(kit).accept, photograph(1600, 1200))
    assert accepted.suffix in {".webp", ".jpg"}
