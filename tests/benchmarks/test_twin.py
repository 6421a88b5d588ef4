"""The twin answers what `hardened` answers: otherwise a comparison of their prices says nothing."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from benchmarks.compare import OPERATIONS, Databases, Estate, estate, interval, request, window
from tests.parts.postgres import PostgresCluster

#: What two servers may say differently: when something was made.
MOMENTS = re.compile(rb'"(createdAt|updatedAt)":"[^"]*"')


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def there(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Estate, str]]:
    """The servers of a comparison."""
    folder = tmp_path_factory.mktemp("twin")
    cluster: PostgresCluster | None = None
    if request.param == "postgres":
        cluster = request.getfixturevalue("postgres")
    cores = sorted(os.sched_getaffinity(0))
    with ExitStack() as stack:
        yield stack.enter_context(estate(Databases(folder, cluster), folder, cores[-1], cores[0])), request.param


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_twin_answers_the_same_bytes(there: tuple[Estate, str], name: str) -> None:
    """Every operation, three times: first and later articles, readers and prices."""
    servers, make = there[0].servers, OPERATIONS[name]
    for number in (0, 1, 61):
        twin, hardened = (server.send(make(there[0], f"{server.host}:{server.port}", number)) for server in servers[1:])
        if name in {"comment", "order"}:
            twin, hardened = MOMENTS.sub(b"", twin), MOMENTS.sub(b"", hardened)
        assert twin == hardened
        assert len(twin) > 100


def test_a_window_reads_the_cpu_of_all_three(there: tuple[Estate, str]) -> None:
    """Each figure is above nothing, and the unit is the cheapest."""
    unit, twin, hardened = window(there[0], OPERATIONS["articles"], iter(range(10**6)), 40)
    assert 0 < unit < twin
    assert unit < hardened


def test_another_answer_ends_the_comparison(there: tuple[Estate, str]) -> None:
    """A status that was not meant is no measurement."""
    server = there[0].servers[2]
    with pytest.raises(SystemExit, match=r"hardened answers http/1\.1 404"):
        server.send(request(f"{server.host}:{server.port}", "GET", "/api/articles/none"))


def test_one_epoch_has_no_interval() -> None:
    """A single figure says nothing about its own error."""
    import numpy as np

    assert interval(np.array([0.0])) == (1.0, 0.0, float("inf"))
    ratio, low, high = interval(np.log(np.array([1.9, 2.0, 2.1])))
    assert low < ratio < high
    assert ratio == pytest.approx(2.0, rel=0.01)
