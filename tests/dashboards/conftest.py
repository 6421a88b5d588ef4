"""Real backends under real traffic, scraped by a real Prometheus with the project's own configuration and rules."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml

from tests.dashboards.dashboard import FOLDER
from tests.parts.prometheus import Prometheus, prometheus_server
from tests.parts.target import TargetServer, run_target, target_server
from tests.parts.templates import SqliteTemplates

SCRAPE_S: Final = 1
ROUNDS: Final = 6
PATIENCE_S: Final = 30.0
# Ports where nobody listens: state falls back, and an order stays pending.
AWAY: Final = {"TARGET_REDIS_URL": "redis://127.0.0.1:1/0", "TARGET_PROVIDER_URL": "http://127.0.0.1:1"}


def _configuration(folder: Path, servers: list[TargetServer]) -> Path:
    """The project's configuration; only where the targets are and how often they are scraped differ."""
    configuration: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    times = {"scrape_interval": f"{SCRAPE_S}s", "scrape_timeout": f"{SCRAPE_S}s", "evaluation_interval": f"{SCRAPE_S}s"}
    configuration["global"].update(times)
    configuration["rule_files"] = [str(FOLDER / name) for name in configuration["rule_files"]]
    (job,) = [one for one in configuration["scrape_configs"] if one["job_name"] == "target"]
    job["static_configs"] = [{"targets": [f"{server.host}:{server.port}" for server in servers]}]
    configuration["scrape_configs"] = [job]
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(configuration))
    return path


def _drive(server: TargetServer, number: int) -> None:
    """A round of what people do, including a wrong password, somebody else's article, and a page that fails."""
    # The guesses come from an address of their own each round: with Redis away, a worker's part of an address's budget
    # may be used up by them, and then the log-in is refused too.
    elsewhere = httpx.HTTPTransport(local_address=f"127.0.1.{number}")
    with (
        httpx.Client(base_url=f"{server.url}/api", timeout=10.0, trust_env=False) as client,
        httpx.Client(base_url=f"{server.url}/api", timeout=10.0, transport=elsewhere) as guesser,
    ):
        for path in ("/tags", "/articles", "/articles?limit=5", "/articles/no-such-article", "/articles"):
            client.get(path)
        credentials = {"email": "reader0001@example.test", "password": "correct-horse-0001"}
        token = client.post("/users/login", json={"user": credentials}).json()["user"]["token"]
        for _ in range(3):
            guess = {"email": f"reader{number:04d}@example.test", "password": "not-the-password"}
            guesser.post("/users/login", json={"user": guess})
        client.headers["Authorization"] = f"Token {token}"
        (foreign,) = client.get("/articles", params={"limit": 1}).json()["articles"]
        client.put(f"/articles/{foreign['slug']}", json={"article": {"body": "Mine now"}})
        client.get("/user")
        client.get("/articles/feed")


def _wait_scraped(prometheus: Prometheus, targets: int) -> None:
    """Wait until every target was scraped once: a Prometheus that is ready takes some 5 s more to find its targets.

    Traffic before that would stand in the counters' first values, of which no rate can tell.
    """
    deadline = time.monotonic() + PATIENCE_S
    while len(prometheus.get("query", query="up == 1")["result"]) < targets:
        assert time.monotonic() < deadline, f"Prometheus scraped no {targets} targets within {PATIENCE_S:.0f} s"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory, seeded: SqliteTemplates) -> Iterator[Prometheus]:
    """A Prometheus that has seen a few seconds of traffic to two backends, one of them with a response cache."""
    folder = tmp_path_factory.mktemp("dashboards")
    with ExitStack() as stack:
        servers = [
            stack.enter_context(
                target_server(treatment, seeded.copy(folder, articles=200), folder, workers=workers, settings=settings)
            )
            for treatment, workers, settings in (("hardened", 1, {}), ("hardened,response_cache=per_identity", 2, AWAY))
        ]
        prometheus = stack.enter_context(prometheus_server(_configuration(folder, servers), folder))
        _wait_scraped(prometheus, len(servers))
        run_target("lab", "fault", "--kind", "missing_table", environment=servers[0].environment())
        for number in range(ROUNDS):
            began = time.monotonic()
            for server in servers:
                _drive(server, number + 2)
            time.sleep(max(0.0, SCRAPE_S - (time.monotonic() - began)))
        yield prometheus
