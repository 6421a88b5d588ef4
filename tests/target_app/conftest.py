import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.target_app.app_client import AppClient, empty_database


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without rows, to copy: one file, checkpointed."""
    return empty_database(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def database_url(empty: Path, tmp_path: Path) -> str:
    """A migrated database without rows."""
    return f"sqlite:///{shutil.copyfile(empty, tmp_path / 'app.db')}"


@pytest.fixture
def client(database_url: str) -> Iterator[Callable[..., AppClient]]:
    """`client(treatment, **settings)`: an app of this treatment on the test's database.

    Levels whose price is not the point are cheap ones: SHA-256 for passwords, unless the treatment says otherwise.
    """
    with ExitStack() as stack:

        def make(changes: str = "", **settings: Any) -> AppClient:
            named = "" if "password_hash" in changes else ",password_hash=sha256"
            treatment = f"hardened{named}" + (f",{changes}" if changes else "")
            return stack.enter_context(AppClient(treatment, database_url, **settings))

        yield make
