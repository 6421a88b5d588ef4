"""A PostgreSQL cluster of the tests' own, on a random loopback address, without a shell or a service manager."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.parts.loopback import free_port, random_address
from tests.parts.process import running, wait_until, with_parent
from tests.parts.require import require

ROLE: Final = "tester"

# Data of a test need not survive a crash: these save most of the time that a small database spends.
SETTINGS: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "autovacuum": "off",
}

#: What a real database has: what is committed is on disk.
DURABLE: Final = {"shared_buffers": "64MB", "max_connections": "100"}


@dataclass(frozen=True)
class PostgresCluster:
    """A running cluster: where it listens, and the databases in it."""

    programs: Path
    host: str
    port: int
    password: str

    def url(self, database: str) -> str:
        """`postgresql://…` of a database in this cluster, with the password in it."""
        return f"postgresql://{ROLE}:{self.password}@{self.host}:{self.port}/{database}"

    def create(self, name: str, *, template: str = "template0") -> str:
        """Creates a database as a copy of `template` (nobody may be connected to that) and returns its URL."""
        self._run("createdb", "--template", template, name)
        return self.url(name)

    def drop(self, name: str) -> None:
        """Removes a database, and ends the connections that are still open to it."""
        self._run("dropdb", "--force", name)

    @contextmanager
    def database(self, *, template: str = "template0") -> Iterator[str]:
        """The URL of a database that exists as long as the block."""
        name = f"test_{secrets.token_hex(6)}"
        yield self.create(name, template=template)
        self.drop(name)

    def query(self, database: str, sql: str) -> list[str]:
        """The rows of a statement as psql prints them unaligned: fields joined with `|`."""
        return self._run("psql", "--no-psqlrc", "--tuples-only", "--no-align", "--command", sql, database).splitlines()

    def _run(self, program: str, *arguments: str) -> str:
        environment = {
            **os.environ,
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": ROLE,
            "PGPASSWORD": self.password,
        }
        done = subprocess.run(
            [self.programs / program, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{program} {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def ready(self) -> bool:
        """Whether the cluster accepts connections."""
        command = [f"{self.programs}/pg_isready", "--quiet", "--host", self.host, "--port", str(self.port)]
        return subprocess.run(command, check=False).returncode == 0


def owner_of_clusters() -> str | None:
    """Who runs the cluster: the programs refuse root."""
    return "postgres" if os.geteuid() == 0 else None


def initialise(programs: Path, folder: Path, password: str, owner: str | None) -> Path:
    """Makes the data folder; only TCP from loopback with the password gets in."""
    password_file = folder / "password"
    password_file.write_text(password)
    if owner:
        shutil.chown(password_file, owner, owner)
    data = folder / "data"
    command: Sequence[str] = [
        f"{programs}/initdb",
        *("--pgdata", str(data), "--username", ROLE, "--pwfile", str(password_file)),
        *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
    ]
    done = subprocess.run(
        command, cwd=folder, user=owner, group=owner, extra_groups=[] if owner else None,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"initdb: {done.stderr.strip()}")
    (data / "pg_hba.conf").write_text("host all all 127.0.0.0/8 scram-sha-256\n")
    return data


def postgres_command(cluster: PostgresCluster, data: Path, settings: Mapping[str, str]) -> list[str]:
    """What serves an initialised cluster; it ends with the test runner."""
    return [
        *with_parent("QUIT"), f"{cluster.programs}/postgres", "-D", str(data), "-k", str(data.parent),
        "-h", cluster.host, "-p", str(cluster.port), *(f"--{key}={value}" for key, value in settings.items()),
    ]  # fmt: skip


@dataclass(frozen=True)
class Installation:
    """A cluster with its data, and how its server is started."""

    cluster: PostgresCluster
    data: Path
    owner: str | None

    @property
    def log(self) -> Path:
        """What its server writes."""
        return self.data.parent / "log"

    @contextmanager
    def serving(self, settings: Mapping[str, str] = SETTINGS) -> Iterator[subprocess.Popen[bytes]]:
        """The server as long as the block."""
        command = postgres_command(self.cluster, self.data, settings)
        with running(command, log=self.log, cwd=self.data.parent, user=self.owner, stop=signal.SIGINT) as process:
            wait_until(self.cluster.ready, process=process, log=self.log, what="PostgreSQL")
            yield process


@contextmanager
def installed_cluster() -> Iterator[Installation]:
    """A new cluster that nothing serves yet; skips or fails the test where PostgreSQL is missing."""
    programs = require("postgres")
    owner = owner_of_clusters()
    # Not pytest's own folder: that one is closed to the cluster's user, and its path too long for a socket's name.
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if owner:
            shutil.chown(folder, owner, owner)
        host = random_address()
        cluster = PostgresCluster(programs, host, free_port(host), secrets.token_hex(16))
        yield Installation(cluster, initialise(programs, folder, cluster.password, owner), owner)


@contextmanager
def postgres_cluster(settings: Mapping[str, str] = SETTINGS) -> Iterator[PostgresCluster]:
    """A fresh cluster that lives as long as the block."""
    with installed_cluster() as installation, installation.serving(settings):
        yield installation.cluster
