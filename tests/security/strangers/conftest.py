from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.parts.strange_backend import StrangeBackend, strange_backend
from tests.parts.stranger import Stranger, stranger
from tests.security.strangers.lab import Lab


@pytest.fixture(scope="module")
def partner() -> Iterator[Stranger]:
    """The server that mended backends may ask."""
    with stranger() as there:
        yield there


@pytest.fixture(scope="module", params=["flawed", "mended"])
def backend(
    request: pytest.FixtureRequest, partner: Stranger, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StrangeBackend]:
    """The module's APPLICATION in each of its forms."""
    with strange_backend(
        request.module.APPLICATION,
        tmp_path_factory.mktemp("stranger"),
        repaired=request.param == "mended",
        partner=f"http://{partner.address}",
    ) as running:
        yield running


@pytest.fixture
def lab(backend: StrangeBackend, partner: Stranger) -> Iterator[Lab]:
    """The running backend, with visitors that leave when the test ends."""
    with ExitStack() as stack:
        yield Lab(backend, partner, stack)
