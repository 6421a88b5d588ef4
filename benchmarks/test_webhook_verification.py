import asyncio
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import finished, measure, measure_step
from benchmarks.levels import each_level
from target_app.controls.model import Kit
from target_app.controls.webhook_verification import WEBHOOK_VERIFICATION
from target_app.database import OpenConnection
from target_app.provider_secrets import ProviderSecrets, signature

BODY = b'{"id":"ev_0123456789abcdef","type":"charge.succeeded","data":{"id":"ch_0123456789abcdef","amount":500}}'


@pytest.fixture
def shop(kit: Kit, tmp_path: Path) -> Kit:
    """A kit of a server that sells."""
    update = {"provider_url": "http://127.0.0.1:1", "provider_secret_file": tmp_path / "provider.json"}
    return Kit(kit.settings.model_copy(update=update), kit.database, kit.metrics, kit.keys)


@pytest.fixture
def writer(kit: Kit, loop: asyncio.AbstractEventLoop) -> Iterator[OpenConnection]:
    """A transaction that is undone."""
    connection = loop.run_until_complete(kit.database.open_writing())
    yield connection
    finished(connection.rollback())


@each_level(WEBHOOK_VERIFICATION)
def test_verify(benchmark: BenchmarkFixture, shop: Kit, level: str) -> None:
    """Hypothesis: the HMAC is all of the price, about 5 µs; comparing in constant time and looking at the clock add
    less than 1 µs.
    """
    verification = WEBHOOK_VERIFICATION.level(level).build(shop)
    sent_at = int(time.time())
    mac = signature(ProviderSecrets(shop.settings.provider_file).webhook_secret(), sent_at, BODY)
    measure(benchmark, verification.verify, BODY, f"t={sent_at},v1={mac}")


@each_level(WEBHOOK_VERIFICATION)
def test_first_time(benchmark: BenchmarkFixture, shop: Kit, writer: OpenConnection, level: str) -> None:
    """Hypothesis: to remember an event costs an INSERT and a DELETE that finds nothing, about 10 µs on SQLite; the
    commit is the request's anyway.
    """
    verification = WEBHOOK_VERIFICATION.level(level).build(shop)
    numbers = count()
    assert measure_step(benchmark, lambda: verification.first_time(writer, f"ev_{next(numbers)}"))
