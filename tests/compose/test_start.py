"""The compose file's own commands, in its order, against a real PostgreSQL: what `docker compose up` runs, twice."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.compose.test_compose import ROOT, SERVICES
from tests.parts.loopback import free_port, random_address
from tests.parts.postgres import PostgresCluster
from tests.parts.process import answers, running, wait_until, with_parent

# What the entry point of the image puts before a command.
ENTRY_POINT = ["/usr/bin/env", "TARGET_TREATMENT=hardened", "python", "-m", "target_app"]


@dataclass(frozen=True)
class Host:
    """One machine in the place of the containers: folders for volumes, a real cluster for the database service."""

    folder: Path
    database_url: str

    def here(self, text: str) -> str:
        """A text of the compose file with this machine's places and database in it."""
        cluster = urlsplit(self.database_url)
        place = f"{cluster.hostname}:{cluster.port}"
        changes = {
            "@database:5432/target": f"@{place}{cluster.path}",
            "database:5432:": f"{place}:",
            "/var/lib/target": str(self.folder / "target"),
            "/secrets": str(self.folder / "secrets"),
        }
        for theirs, ours in changes.items():
            text = text.replace(theirs, ours)
        return text

    def command(self, name: str) -> list[str]:
        """The whole command of a service."""
        service = SERVICES[name]
        return [self.here(word) for word in [*service.get("entrypoint", ENTRY_POINT), *service["command"]]]

    def environment(self, name: str) -> dict[str, str]:
        """The environment of a service, with our interpreter first."""
        told: dict[str, Any] = SERVICES[name].get("environment", {})
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        ours = {key: value for key, value in os.environ.items() if not key.startswith(("TARGET_", "PG"))}
        return {**ours, "PATH": path, **{key: self.here(value) for key, value in told.items()}}

    def run(self, name: str) -> None:
        """Runs a service that ends by itself."""
        done = subprocess.run(
            self.command(name), env=self.environment(name), cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{name}: {done.stderr}"


@pytest.fixture
def host(tmp_path: Path, postgres_url: str) -> Host:
    """Empty volumes and an empty database."""
    for name in ("target", "secrets"):
        (tmp_path / name).mkdir()
    return Host(tmp_path, postgres_url)


def test_secrets_are_drawn_once(host: Host) -> None:
    """The first start draws one password for both sides, as each of them reads it; a later start keeps it."""
    drawn = set()
    for _ in range(2):
        host.run("secrets")
        password = (host.folder / "secrets/password").read_text()
        passfile = host.folder / "target/pgpass"
        assert passfile.read_text().endswith(f":{password}\n")
        assert passfile.stat().st_mode & 0o777 == 0o600
        drawn.add(password)
    assert [len(password) >= 32 for password in drawn] == [True]


def test_backend_starts_and_starts_again(host: Host, postgres: PostgresCluster) -> None:
    """Schema and rows are made with the password from its file; the second start leaves them and serves them."""
    host.run("secrets")
    password = (host.folder / "secrets/password").read_text()
    role = SERVICES["database"]["environment"]["POSTGRES_USER"]
    postgres.query("postgres", f"CREATE ROLE {role} SUPERUSER LOGIN PASSWORD '{password}'")
    for _ in range(2):
        for name in ("secrets", "migrate", "seed"):
            host.run(name)
        _serve(host)
    assert postgres.query(host.database_url.rpartition("/")[2], "SELECT count(*) FROM articles") == ["1000"]


def _serve(host: Host) -> None:
    """Starts the target's command on loopback instead of every address, and asks it as Prometheus and a person do."""
    address = random_address()
    port = free_port(address)
    places = {"0.0.0.0": address, "8000": str(port)}
    command = [places.get(word, word) for word in host.command("target")]
    log = host.folder / "target.log"
    with running([*with_parent("TERM"), *command], log=log, env=host.environment("target"), cwd=ROOT) as process:
        url = f"http://{address}:{port}"
        wait_until(lambda: answers(f"{url}/health"), process=process, log=log, what="the compose file's target")
        for name in ("target", "localhost", "127.0.0.1"):
            answer = httpx.get(f"{url}/metrics", headers={"Host": f"{name}:{port}"}, trust_env=False)
            assert answer.status_code == 200, name
        refused = httpx.get(f"{url}/metrics", headers={"Host": "elsewhere.test"}, trust_env=False)
        assert refused.status_code == 400
        listed = httpx.get(f"{url}/api/articles", trust_env=False).json()
        assert listed["articlesCount"] >= 900
