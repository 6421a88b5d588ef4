from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure
from benchmarks.levels import each_level
from target_app.controls.model import Kit
from target_app.controls.token_signature import TOKEN_SIGNATURE

USER = 42


@each_level(TOKEN_SIGNATURE)
def test_sign(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: only RS256 signs slowly, about 1 ms; HS256 takes tens of µs. A log-in signs once."""
    tokens = TOKEN_SIGNATURE.level(level).build(kit)
    assert tokens.user_id(measure(benchmark, tokens.sign, USER)) == USER


@each_level(TOKEN_SIGNATURE)
def test_verify(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: every signed-in request pays 60-100 µs for HS256, two to three times that for ES256 and EdDSA.
    Leaving the signature out halves it: the rest is JSON and base64.
    """
    tokens = TOKEN_SIGNATURE.level(level).build(kit)
    assert measure(benchmark, tokens.user_id, tokens.sign(USER)) == USER
