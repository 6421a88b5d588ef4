import asyncio
import logging

import pytest

from target_app.background import Background
from target_app.metrics import Metrics


def rounds(interval_s: float, seconds: float, *, wakes: int = 0, failing: bool = False) -> int:
    """How often a task ran."""
    count = 0

    async def run() -> None:
        nonlocal count
        count += 1
        if failing:
            raise RuntimeError("not this time")

    async def main() -> None:
        background = Background(Metrics())
        task = background.add("counting", interval_s, run)
        background.start()
        for _ in range(wakes):
            task.wake()
            await asyncio.sleep(0.01)
        await asyncio.sleep(seconds)
        await background.stop()
        at_the_end = count
        await asyncio.sleep(0.05)
        assert count == at_the_end, "it ran after it was stopped"

    asyncio.run(main())
    return count


def test_a_task_repeats_until_it_is_stopped() -> None:
    """Every interval, more or less."""
    assert 5 <= rounds(0.02, 0.3) <= 20


def test_a_task_that_is_woken_runs_at_once() -> None:
    """Whoever leaves it something to do need not wait for the interval."""
    assert rounds(60, 0.01, wakes=3) == 3


def test_a_failure_ends_one_round_only(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged with the task's name, and the next round comes."""
    with caplog.at_level(logging.ERROR):
        assert rounds(60, 0.01, wakes=2, failing=True) == 2
    assert "the task counting failed" in caplog.text
