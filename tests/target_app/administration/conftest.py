from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from target_app.migrations.run import migrate
from tests.target_app.administration.office import Office
from tests.target_app.app_client import AppClient

CHEAP = "hardened,password_hash=sha256"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """A migrated database without rows, on each of the two."""
    found = str(request.getfixturevalue("database_url" if request.param == "sqlite" else "postgres_url"))
    migrate(found)
    return found


@pytest.fixture
def office_on(tmp_path: Path) -> Iterator[Callable[..., Office]]:
    """`office_on(url, changes)`: an app with staff, whose background tasks stand still."""
    with ExitStack() as stack:

        def open_office(url: str, changes: str = "", **settings: Any) -> Office:
            options = {"signing_key_file": tmp_path / "keys.json", **settings}
            app = stack.enter_context(AppClient(f"{CHEAP},{changes}".rstrip(","), url, **options))
            app.run(app.app.state.parts.background.stop())
            return Office(app)

        yield open_office


@pytest.fixture
def office(url: str, office_on: Callable[..., Office]) -> Office:
    """An office on each database."""
    return office_on(url)


@pytest.fixture
def one_office(database_url: str, office_on: Callable[..., Office]) -> Office:
    """An office on SQLite alone, for what the database has no part in."""
    return office_on(database_url)
