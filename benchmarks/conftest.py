"""What benchmarks stand on, and the one table in place of pytest-benchmark's table per group."""

import asyncio
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import pytest
import uvloop

from benchmarks.calls import finished
from benchmarks.seeded import seeded_database
from benchmarks.table import figure, table
from target_app.controls.model import Kit
from target_app.database import Connection, connect
from target_app.metrics import Metrics
from target_app.settings import Settings
from target_app.signing_keys import SigningKeys

FIGURES = pytest.StashKey[Sequence[dict[str, Any]]]()


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    """What levels build from: real keys, real metrics and a seeded SQLite database."""
    folder = tmp_path_factory.mktemp("benchmarks")
    url = seeded_database(folder)
    keys = folder / "signing-keys.json"
    metrics = Metrics()
    database = connect(url, metrics)
    yield Kit(Settings(database_url=url, signing_key_file=keys), database, metrics, SigningKeys(keys))
    finished(database.close())


@pytest.fixture(scope="session")
def connection(kit: Kit) -> Connection:
    """The reader of the seeded database."""
    return finished(kit.database.open_reading())


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop of the kind that serves."""
    made = uvloop.new_event_loop()
    yield made
    made.close()


def pytest_configure(config: pytest.Config) -> None:
    """Leave the printing to the table below; `--benchmark-verbose` brings pytest-benchmark's own back."""
    config.option.benchmark_quiet = True


@pytest.hookimpl(wrapper=True)
def pytest_benchmark_group_stats(
    config: pytest.Config, benchmarks: list[dict[str, Any]]
) -> Generator[None, object, object]:
    """Keep the figures for the table."""
    config.stash[FIGURES] = benchmarks
    return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table; nothing where nothing was measured."""
    measured = config.stash.get(FIGURES, [])
    if measured:
        terminalreporter.write_line("\n".join(table([figure(found) for found in measured])))
