import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.parts.provider import provider
from tests.parts.target import target_server
from tests.target_app.realtime.stage import Stage, stage_on

TREATMENT = "hardened,password_hash=sha256"


@pytest.fixture(scope="module")
def stage(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One server of a module, which sells too."""
    folder = tmp_path_factory.mktemp("stage")
    url = f"sqlite:///{shutil.copyfile(empty, folder / 'app.db')}"
    with (
        provider(folder) as payments,
        target_server(TREATMENT, url, folder, settings=payments.settings) as server,
        stage_on(server) as on,
    ):
        yield on


@pytest.fixture
def stage_with(database_url: str, tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """`stage_with(workers=…, treatment=…, **settings)`: a server of the test's own."""
    with ExitStack() as stack:

        def start(workers: int = 1, treatment: str = TREATMENT, **settings: Any) -> Stage:
            given = {f"TARGET_{name.upper()}": str(value) for name, value in settings.items()}
            server = stack.enter_context(
                target_server(treatment, database_url, tmp_path, workers=workers, settings=given)
            )
            return stack.enter_context(stage_on(server))

        yield start
