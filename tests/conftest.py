"""Fixtures that start real parts; see tests/parts."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.parts.browser import chromium
from tests.parts.postgres import PostgresCluster, postgres_cluster
from tests.parts.redis import redis_server
from tests.parts.target import TargetServer, target_server
from tests.parts.templates import SqliteTemplates


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    """A PostgreSQL cluster of this test run."""
    with postgres_cluster() as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres: PostgresCluster) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of this test's own."""
    with postgres.database() as url:
        yield url


@pytest.fixture
def redis_url() -> Iterator[str]:
    """The URL of an empty Redis of this test's own."""
    with redis_server() as url:
        yield url


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplates:
    """Seeded SQLite databases to copy; processes of one parallel run share them."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "templates"
    folder.mkdir(exist_ok=True)
    return SqliteTemplates(folder)


@pytest.fixture
def start_target(tmp_path: Path) -> Iterator[Callable[..., TargetServer]]:
    """`start_target(treatment, database_url, workers=…, settings=…)`: servers that end with the test."""
    with ExitStack() as stack:

        def start(treatment: str, database_url: str, **options: Any) -> TargetServer:
            return stack.enter_context(target_server(treatment, database_url, tmp_path, **options))

        yield start


# Not of the session: Playwright keeps an event loop running in this thread, in which no other test could run its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with chromium() as started:
        yield started
