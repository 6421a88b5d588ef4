from collections.abc import Callable
from pathlib import Path

import pytest

from tests.target_app.app_client import AppClient
from tests.target_app.avatars.album import Album


@pytest.fixture
def album(client: Callable[..., AppClient], tmp_path: Path) -> Album:
    """On SQLite."""
    return Album(client(upload_folder=tmp_path / "uploads"))


@pytest.fixture
def either_album(either_app: AppClient) -> Album:
    """On either database."""
    return Album(either_app)
