"""Fixtures of the load stage."""

from collections.abc import Iterator

import pytest

from tests.loadtests.load_process import LoadProcess, load_process
from tests.loadtests.small_conduit import SmallConduit, small_conduit


@pytest.fixture
def conduit() -> Iterator[SmallConduit]:
    """A small Conduit with 25 articles."""
    with small_conduit() as server:
        yield server


@pytest.fixture
def process() -> Iterator[LoadProcess]:
    """A load process that waits for its specification."""
    with load_process() as started:
        yield started
