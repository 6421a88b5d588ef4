from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure
from benchmarks.levels import each_level
from target_app.controls.model import Kit
from target_app.controls.token_claims import claims
from target_app.controls.token_signature import TOKEN_SIGNATURE

CLAIMS = claims(42)


@each_level(TOKEN_SIGNATURE)
def test_sign(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: only RS256 signs slowly, about 1 ms; HS256 takes tens of µs. A log-in signs once."""
    signature = TOKEN_SIGNATURE.level(level).build(kit)
    assert signature.verified(measure(benchmark, signature.sign, CLAIMS)) == CLAIMS


@each_level(TOKEN_SIGNATURE)
def test_verify(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: every signed-in request pays 20-40 µs for HS256, three to five times that for ES256 and EdDSA.
    Leaving the signature out halves it: the rest is JSON and base64.
    """
    signature = TOKEN_SIGNATURE.level(level).build(kit)
    assert measure(benchmark, signature.verified, signature.sign(CLAIMS)) == CLAIMS
