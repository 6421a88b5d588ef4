from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import finished, measure, measure_step
from benchmarks.levels import each_level
from target_app.controls.model import Kit
from target_app.controls.response_fields import Declared
from target_app.controls.revocation import REVOCATION
from target_app.database import Connection
from target_app.users.repository import UserRepository, UserRow

USER = 1


def reader(kit: Kit, connection: Connection) -> UserRow:
    user = finished(UserRepository(Declared(kit)).by_id(connection, USER))
    assert user is not None
    return user


@each_level(REVOCATION)
def test_admit(benchmark: BenchmarkFixture, kit: Kit, connection: Connection, level: str) -> None:
    """Hypothesis: a comparison and a counter, at most 1 µs; under 0.2 µs where it is off."""
    measure(benchmark, REVOCATION.level(level).build(kit).admit, reader(kit, connection), 0)


@each_level(REVOCATION)
def test_the_row_that_is_read_anyway(benchmark: BenchmarkFixture, kit: Kit, connection: Connection, level: str) -> None:
    """Hypothesis: the same at every level: the version is one of the row's columns, and no statement of its own."""
    users, revocation = UserRepository(Declared(kit)), REVOCATION.level(level).build(kit)

    async def signed_in() -> None:
        user = await users.by_id(connection, USER)
        assert user is not None
        revocation.admit(user, user.token_version)

    measure_step(benchmark, signed_in)
