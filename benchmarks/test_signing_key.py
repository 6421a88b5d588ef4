from dataclasses import replace

from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure
from benchmarks.levels import each_level
from target_app.controls.model import Kit
from target_app.controls.signing_key import SIGNING_KEY
from target_app.controls.token_claims import claims
from target_app.controls.token_signature import TOKEN_SIGNATURE


@each_level(SIGNING_KEY)
def test_verify(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: nothing: HMAC-SHA-256 takes as long with 32 random bytes as with a text of about that length."""
    signature = TOKEN_SIGNATURE.level("hs256").build(replace(kit, keys=SIGNING_KEY.level(level).build(kit)))
    measure(benchmark, signature.verified, signature.sign(claims(42)))
