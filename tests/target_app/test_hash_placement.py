import asyncio
import threading
from collections.abc import Callable

import pytest

from target_app.controls.hash_placement import Inline, ThreadPool
from target_app.web.errors import ApiError
from tests.target_app.app_client import PASSWORD, AppClient

Make = Callable[..., AppClient]


@pytest.mark.parametrize(("level", "stands_still"), [("inline", True), ("thread_pool", False)])
def test_others_are_served_while_a_password_is_hashed(client: Make, level: str, stands_still: bool) -> None:
    """With `inline` nothing else happens until the hash is there; with `thread_pool` the loop goes on."""
    app = client(f"hash_placement={level},password_hash=argon2id_19mib")

    async def turns_meanwhile() -> int:
        hashing = asyncio.create_task(app.app.state.parts.users._passwords.hash(PASSWORD))
        turns = 0
        while not hashing.done():
            turns += 1
            await asyncio.sleep(0)
        return turns

    turns = app.run(turns_meanwhile())
    assert turns <= 2 if stands_still else turns > 10


@pytest.mark.parametrize("level", ["inline", "thread_pool"])
def test_every_hash_is_timed(client: Make, level: str) -> None:
    """Wherever it is done, a hash is one observation."""
    app = client(f"hash_placement={level}")
    before = app.metric("target_password_hash_seconds_count")
    app.register("ann")
    assert app.log_in("ann").status_code == 200
    assert app.metric("target_password_hash_seconds_count") == before + 2


def test_the_queue_is_bounded(client: Make) -> None:
    """With all threads busy and the queue full the next hash is refused with 503 at once, and others still end well."""
    app = client(hash_threads=1)  # and the queue takes 8
    go = threading.Event()
    kit = type("Kit", (), {"settings": app.settings, "metrics": app.app.state.parts.metrics})
    pool = ThreadPool(kit)  # type: ignore[arg-type]  # the two parts of a kit that it reads

    def held(number: int) -> int:
        go.wait(10)
        return number

    async def flood() -> list[int]:
        waiting = [asyncio.create_task(pool.run(lambda number=number: held(number))) for number in range(9)]  # type: ignore[misc]  # the number of this turn
        await asyncio.sleep(0)
        with pytest.raises(ApiError) as refused:
            await pool.run(lambda: held(9))
        go.set()
        return [refused.value.status, *await asyncio.gather(*waiting)]

    assert app.run(flood()) == [503, *range(9)]
    pool.close()
    Inline(kit).close()  # type: ignore[arg-type]  # the same two


def test_a_full_queue_is_a_503_to_the_client(client: Make) -> None:
    """Overload is answered in the contract's shape, with a time to come back, and counted."""
    app = client(hash_threads=1)
    app.register("ann")
    go = threading.Event()
    passwords = app.app.state.parts.users._passwords

    async def crowded() -> list[int]:
        held = [asyncio.create_task(passwords._placement.run(lambda: go.wait(10))) for _ in range(9)]
        await asyncio.sleep(0)
        user = {"email": "ann@example.test", "password": PASSWORD}
        answer = await app.send("POST", "/api/users/login", None, "127.0.0.9", {}, json={"user": user})
        go.set()
        await asyncio.gather(*held)
        assert answer.json() == {"errors": {"server": ["is busy"]}}
        return [answer.status_code, int(answer.headers["retry-after"])]

    assert app.run(crowded()) == [503, 1]
    assert app.metric('target_control_decisions_total{control="hash_placement",decision="deny"}') == 1
