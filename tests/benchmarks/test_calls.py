"""How coroutines are measured."""

import asyncio

import pytest

from benchmarks.calls import SuspendedError, finished


async def at_once() -> int:
    return 7


async def after_a_moment() -> int:
    await asyncio.sleep(0)
    return 7


def test_a_coroutine_that_never_waits_is_run_in_one_step() -> None:
    """Its result is handed on."""
    assert finished(at_once()) == 7


def test_a_coroutine_that_waits_is_refused() -> None:
    """Half a call must not pass for a fast one."""
    with pytest.raises(SuspendedError):
        finished(after_a_moment())
