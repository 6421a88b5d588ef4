"""The twin answers what `hardened` answers: otherwise a comparison of their prices says nothing."""

import itertools
import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks.compare import OPERATIONS, interval, judged, window
from benchmarks.estate import Databases, Estate, estate, request
from tests.parts.postgres import SETTINGS, installed_cluster

#: What two servers may say differently: when something was made.
MOMENTS = re.compile(rb'"(createdAt|updatedAt)":"[^"]*"')
#: PostgreSQL writes every statement into its log, behind the database's name.
LOGGED = {**SETTINGS, "log_statement": "all", "log_line_prefix": "@%d "}
LOG_ENTRY = re.compile(r"^@(\S+) LOG:  (?:execute \w+|statement): (.*?)(?=^@|\Z)", re.DOTALL | re.MULTILINE)
CAST, CONSTANT = re.compile(r"::\w+"), re.compile(r"\$\d+|\b\d+\b")
#: Names of columns that the statement itself makes, the table of a returned one, brackets, and white space.
DIFFERENT_WORDS = re.compile(r"\bAS \w+|(?<=RETURNING )\w+\.|[\s();]")


class Scene(NamedTuple):
    """The servers of a comparison, and where PostgreSQL writes down what it is asked; None on SQLite."""

    estate: Estate
    log: Path | None

    def answers(self, name: str, number: int) -> tuple[bytes, bytes]:
        """The twin's and `hardened`'s answer to an operation's request of that number."""
        twin, hardened = (
            server.send(OPERATIONS[name](self.estate, f"{server.host}:{server.port}", number))
            for server in self.estate.servers[1:]
        )
        return twin, hardened


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def there(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The servers of a comparison."""
    folder = tmp_path_factory.mktemp("twin")
    cores = sorted(os.sched_getaffinity(0))
    with ExitStack() as stack:
        cluster, log = None, None
        if request.param == "postgres":
            installation = stack.enter_context(installed_cluster())
            stack.enter_context(installation.serving(LOGGED))
            cluster, log = installation.cluster, installation.log
        yield Scene(stack.enter_context(estate(Databases(folder, cluster), folder, cores[-1], cores[0])), log)


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_twin_answers_the_same_bytes(there: Scene, name: str) -> None:
    """Every operation, three times: first and later articles, readers and prices."""
    for number in (0, 1, 61):
        twin, hardened = (MOMENTS.sub(b"", answer) for answer in there.answers(name, number))
        assert twin == hardened
        assert len(twin) > 100


def asked(log: Path, since: int) -> dict[str, list[str]]:
    """What each database has been asked since the log was that long, without what SQLAlchemy words differently."""
    found: dict[str, list[str]] = {}
    for database, statement in LOG_ENTRY.findall(log.read_bytes()[since:].decode()):
        plain = DIFFERENT_WORDS.sub("", CONSTANT.sub("?", CAST.sub("", statement)))
        found.setdefault(database, []).append(plain.lower())
    return found


@pytest.mark.parametrize("there", ["postgres"], indirect=True)
def test_the_twin_asks_the_database_the_same(there: Scene) -> None:
    """Statement by statement, transactions included; what `hardened` asks between requests is its own affair."""
    assert there.log is not None
    since = there.log.stat().st_size
    time.sleep(1.2)  # background tasks look for work twice a second
    between = {statement for statements in asked(there.log, since).values() for statement in statements}
    for name in OPERATIONS:
        since = there.log.stat().st_size
        there.answers(name, 1000)
        one, other = (
            [statement for statement in statements if statement not in between]
            for statements in asked(there.log, since).values()
        )
        assert one
        assert one == other, name


def test_a_window_reads_the_cpu_of_all_three(there: Scene) -> None:
    """Each figure is above nothing, and the unit is the cheapest."""
    unit, twin, hardened = window(there.estate, OPERATIONS["articles"], iter(range(10**6)), 40)
    assert 0 < unit < twin
    assert unit < hardened


def test_another_answer_ends_the_comparison(there: Scene) -> None:
    """A status that was not meant is no measurement."""
    server = there.estate.servers[2]
    with pytest.raises(SystemExit, match=r"hardened answers http/1\.1 404"):
        server.send(request(f"{server.host}:{server.port}", "GET", "/api/articles/none"))


def test_one_epoch_has_no_interval() -> None:
    """A single figure says nothing about its own error."""
    import numpy as np

    assert interval(np.array([0.0])) == (1.0, 0.0, float("inf"))
    ratio, low, high = interval(np.log(np.array([1.9, 2.0, 2.1])))
    assert low < ratio < high
    assert ratio == pytest.approx(2.0, rel=0.01)


def test_a_missed_bar_is_told_and_fails() -> None:
    """Every bar is named; the aim alone may be missed."""
    assert judged(1.4, 4.0, 5.0) == ("2x holds, aim 1.5x holds, 5 units holds", True)
    assert judged(1.6, 4.0, None) == ("2x holds, aim 1.5x MISSED", True)
    assert judged(2.1, 4.0, 5.0)[1] is False
    assert judged(1.4, 5.1, 5.0) == ("2x holds, aim 1.5x holds, 5 units MISSED", False)


@pytest.mark.parametrize("there", ["sqlite"], indirect=True)
def test_a_process_that_comes_is_noticed(there: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window in which a server's processes change is measured again, and the comparison given up where all do."""
    pids = itertools.count(1)
    monkeypatch.setattr(there.estate.servers[2], "backends", lambda: [os.getpid()] * next(pids))
    with pytest.raises(SystemExit, match="processes changed"):
        window(there.estate, OPERATIONS["tags"], iter(range(10**6)), 1)
