from collections.abc import Iterator
from pathlib import Path

import pytest

from target_app.migrations.run import migrate
from tests.parts.stranger import NamesFile, Stranger, stranger
from tests.target_app.app_client import AppClient
from tests.target_app.webhooks.desk import Desk


@pytest.fixture
def names(tmp_path: Path) -> NamesFile:
    return NamesFile(tmp_path / "names.json")


@pytest.fixture
def receiver(names: NamesFile) -> Iterator[Stranger]:
    """A server that the name `receiver.test` leads to."""
    with stranger() as server:
        names.lead("receiver.test", server.address)
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path, names: NamesFile, receiver: Stranger) -> Iterator[Desk]:
    """An author on either database, whose server delivers when it is told to."""
    url = request.getfixturevalue("database_url" if request.param == "sqlite" else "postgres_url")
    migrate(url)
    settings = {"resolver_file": names.path, "signing_key_file": tmp_path / "keys.json"}
    with AppClient("hardened,password_hash=sha256", url, **settings) as app:
        app.run(app.app.state.parts.background.stop())
        yield Desk(app, receiver)
