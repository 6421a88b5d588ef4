import asyncio

from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure_on_loop
from benchmarks.levels import each_level
from target_app.controls.hash_placement import HASH_PLACEMENT
from target_app.controls.login_answer import LOGIN_ANSWER
from target_app.controls.model import Kit
from target_app.controls.password_hash import PASSWORD_HASH
from target_app.users.passwords import Passwords


def compared(benchmark: BenchmarkFixture, kit: Kit, loop: asyncio.AbstractEventLoop, level: str, known: bool) -> None:
    scheme = PASSWORD_HASH.level("argon2id_19mib").build(kit)
    passwords = Passwords(scheme, HASH_PLACEMENT.level("thread_pool").build(kit))
    answer = LOGIN_ANSWER.level(level).build(kit)
    loop.run_until_complete(answer.prepare(passwords))
    stored = scheme.hash("right") if known else None
    assert measure_on_loop(benchmark, loop, lambda: answer.matches(passwords, "right", stored)) is known
    passwords.close()


@each_level(LOGIN_ANSWER)
def test_known(benchmark: BenchmarkFixture, kit: Kit, loop: asyncio.AbstractEventLoop, level: str) -> None:
    """Hypothesis: for an account that exists both levels cost the hash and nothing else."""
    compared(benchmark, kit, loop, level, known=True)


@each_level(LOGIN_ANSWER)
def test_unknown(benchmark: BenchmarkFixture, kit: Kit, loop: asyncio.AbstractEventLoop, level: str) -> None:
    """Hypothesis: for an account that does not exist `distinct` costs a few µs and `uniform` the hash."""
    compared(benchmark, kit, loop, level, known=False)
