import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from target_app.migrations.run import migrate
from tests.parts.provider import Provider, provider
from tests.target_app.app_client import AppClient, empty_database
from tests.target_app.shop import Shop


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


@pytest.fixture(params=["sqlite", "postgresql"])
def either_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AppClient]:
    """An app on either database."""
    url = request.getfixturevalue("database_url" if request.param == "sqlite" else "postgres_url")
    if request.param == "postgresql":
        migrate(url)
    with AppClient("hardened,password_hash=sha256", url, signing_key_file=tmp_path / "keys.json") as app:
        yield app


@pytest.fixture(scope="session")
def running_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """A payment provider that many tests share."""
    with provider(tmp_path_factory.mktemp("provider")) as started:
        yield started


@pytest.fixture
def payment_provider(running_provider: Provider) -> Provider:
    """A payment provider that does what it should until it is told otherwise."""
    running_provider.control()
    return running_provider


@pytest.fixture
def shop(client: Callable[..., AppClient], payment_provider: Provider) -> Shop:
    """An author with a paid article, in an app that can sell it."""
    settings = {
        "provider_url": payment_provider.url,
        "provider_secret_file": payment_provider.secrets.path,
    }
    return Shop(client(**settings))
