"""The real parts that every other test stands on."""

import os
import socket
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.parts import require as required
from tests.parts.browser import page
from tests.parts.loopback import random_address
from tests.parts.postgres import PostgresCluster, postgres_cluster
from tests.parts.process import PartFailedError, running, wait_until
from tests.parts.prometheus import prometheus_server
from tests.parts.redis import redis_answers, redis_server
from tests.parts.require import require


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_missing_part_skips_but_fails_in_ci(
    ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that is missing skips the test, with the reason; with CI=true it fails it."""
    monkeypatch.setitem(required.PARTS, "postgres", lambda: None)
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="postgres is not installed"):
        require("postgres")


def test_database_is_a_copy_of_its_template(postgres: PostgresCluster) -> None:
    """A database made from a template holds its rows, and neither sees the other's later writes."""
    with postgres.database() as template_url:
        template = template_url.rpartition("/")[2]
        postgres.query(template, "CREATE TABLE marks AS SELECT 'first' AS mark")
        with postgres.database(template=template) as url:
            copy = url.rpartition("/")[2]
            postgres.query(copy, "INSERT INTO marks VALUES ('second')")
            assert postgres.query(copy, "SELECT mark FROM marks ORDER BY 1") == ["first", "second"]
        assert postgres.query(template, "SELECT mark FROM marks") == ["first"]


def test_cluster_is_gone_when_the_test_fails() -> None:
    """A cluster ends, and its folder goes, also when the block raises."""
    seen: list[tuple[int, Path]] = []

    def failing() -> None:
        with postgres_cluster() as cluster:
            (data,) = cluster.query("postgres", "SHOW data_directory")
            pid = int((Path(data) / "postmaster.pid").read_text().split()[0])
            assert _alive(pid)
            seen.append((pid, Path(data).parent))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    ((pid, folder),) = seen
    assert not _alive(pid)
    assert not folder.exists()


def test_process_group_ends_with_the_block(tmp_path: Path) -> None:
    """A grandchild that ignores every polite signal is gone after the block too."""
    grandchild = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    child = (
        "import subprocess, sys\n"
        f"process = subprocess.Popen([sys.executable, '-c', {grandchild!r}])\n"
        "print(process.pid, flush=True)\n"
        "process.wait()"
    )
    log = tmp_path / "log"
    with running([sys.executable, "-c", child], log=log) as process:
        wait_until(lambda: "up" in log.read_text(), process=process, log=log, what="child")
        pid = next(int(line) for line in log.read_text().splitlines() if line.isdigit())
    deadline = time.monotonic() + 5
    while _alive(pid) and time.monotonic() < deadline:  # the reaper of orphans may take a moment
        time.sleep(0.01)
    assert not _alive(pid) or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]


def test_failed_start_shows_the_log(tmp_path: Path) -> None:
    """A part that dies while starting fails at once, with the end of what it printed."""
    log = tmp_path / "log"
    with (
        running([sys.executable, "-c", "raise SystemExit('no such luck')"], log=log) as process,
        pytest.raises(PartFailedError, match="no such luck"),
    ):
        wait_until(lambda: False, process=process, log=log, what="child", timeout_s=10)


def test_prometheus_scrapes_itself(tmp_path: Path) -> None:
    """A Prometheus with a configuration of ours becomes ready and answers a query."""
    configuration = tmp_path / "prometheus.yml"
    configuration.write_text("global: {scrape_interval: 1s}\n")
    with prometheus_server(configuration, tmp_path) as prometheus:
        assert prometheus.query("vector(7)")[0]["value"][1] == "7"


def test_browser_has_no_network(browser: Browser, tmp_path: Path) -> None:
    """A page opened from a file runs its script and cannot reach any address, this machine's included."""
    document = tmp_path / "page.html"
    with socket.create_server(("127.0.0.1", 0)) as listener, page(browser, width=390, scheme="dark") as opened:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        document.write_text(
            f"<script>fetch('{address}', {{mode: 'no-cors'}}).catch(() => {{ document.title = 'refused' }})</script>"
            "<h1>readable</h1>"
        )
        opened.goto(document.as_uri())
        opened.wait_for_function("document.title === 'refused'")
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
        assert opened.inner_text("h1") == "readable"
        assert opened.evaluate("innerWidth") == 390
        assert opened.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")


def test_random_addresses_are_loopback() -> None:
    """Every address handed out belongs to this machine alone."""
    assert all(random_address().startswith("127.") for _ in range(50))


def test_redis_lives_as_long_as_its_block() -> None:
    """A Redis answers at its URL and is gone afterwards."""
    with redis_server() as url:
        host, port = url.removeprefix("redis://").removesuffix("/0").split(":")
        assert redis_answers(host, int(port))
    assert not redis_answers(host, int(port))
