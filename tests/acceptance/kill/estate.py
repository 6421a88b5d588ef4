"""Everything that a shop stands on, as processes that can be killed: target, provider, Redis, and a database."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.parts.loopback import free_port, random_address
from tests.parts.postgres import DURABLE, PostgresCluster, initialise, owner_of_clusters, postgres_command
from tests.parts.process import answers, running, wait_until, with_parent
from tests.parts.provider import Provider
from tests.parts.redis import redis_answers, redis_command
from tests.parts.repository import ROOT
from tests.parts.require import require
from tests.parts.target import key_file, migrate, run_target, target_environment

ARTICLES = "4000"
WORKERS = 2


class Part:
    """One process of the estate."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        ready: Callable[[], bool],
        folder: Path,
        *,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        end: signal.Signals = signal.SIGKILL,
    ) -> None:
        self.name, self.command, self.ready, self.folder = name, command, ready, folder
        self.env, self.user, self.end = env, user, end
        self.process: subprocess.Popen[bytes] | None = None
        self._stack = ExitStack()

    def start(self) -> None:
        """Run it, and return when it answers."""
        log = self.folder / f"{self.name}-{secrets.token_hex(4)}.log"
        cwd = self.folder if self.user else ROOT
        self.process = self._stack.enter_context(running(self.command, log=log, cwd=cwd, env=self.env, user=self.user))
        wait_until(self.ready, process=self.process, log=log, what=self.name, timeout_s=30)

    def kill(self) -> None:
        """End it without a chance to tidy up."""
        assert self.process is not None
        self.process.send_signal(self.end)
        self.process.wait(20)

    def stop(self) -> None:
        """End whatever is left of it."""
        self._stack.close()


class Estate:
    """All parts, started in order; `parts` are those that `kill` and `start` take by name."""

    def __init__(self, database: str, folder: Path) -> None:
        self.folder = folder
        self.database = database
        self.parts: dict[str, Part] = {}
        self.cluster: PostgresCluster | None = None
        self._stack = ExitStack()
        self.host = random_address()
        self.port = free_port(self.host)
        self.url = f"http://{self.host}:{self.port}"
        self.environment: dict[str, str] = {}
        self.provider = Provider(folder, ("--webhook-url", f"{self.url}/api/payments/webhook", "--webhook-shuffle"))

    def start(self) -> None:
        """Bring everything up on a seeded database."""
        self.database_url = self._postgres() if self.database == "postgres" else f"sqlite:///{self.folder}/app.db"
        host = random_address()
        port = free_port(host)
        self._add(Part("redis", redis_command(host, port), lambda: redis_answers(host, port), self.folder))
        provider = self.provider
        command = [
            *with_parent("KILL"), sys.executable, "-m", "target_app.provider", "--host", provider.host,
            "--port", str(provider.port), "--database", str(self.folder / "provider.db"),
            "--secret-file", str(provider.secrets.path), *provider.options,
        ]  # fmt: skip
        self._add(Part("provider", command, lambda: answers(f"{provider.url}/health"), self.folder))
        self.environment = {
            **target_environment("hardened", self.database_url, key_file(self.folder)),
            **provider.settings,
            "TARGET_REDIS_URL": f"redis://{host}:{port}/0",
        }
        migrate(self.database_url, self.folder)
        run_target("seed", "--articles", ARTICLES, environment=self.environment)
        serve = [
            *with_parent("TERM"), sys.executable, "-m", "target_app", "serve",
            "--host", self.host, "--port", str(self.port), "--workers", str(WORKERS),
        ]  # fmt: skip
        ready = lambda: answers(f"{self.url}/health") and len(self.workers()) == WORKERS  # noqa: E731
        self._add(Part("target", serve, ready, self.folder, env=self.environment, end=signal.SIGTERM))

    def workers(self) -> list[psutil.Process]:
        """The target's worker processes."""
        process = self.parts["target"].process if "target" in self.parts else None
        if process is None:
            return []
        return psutil.Process(process.pid).children()

    def kill(self, name: str) -> float:
        """Kill a part; when it was back (`time.monotonic`), which a worker is at once: its parent sees to it."""
        if name == "worker":
            victim = secrets.choice(self.workers())
            victim.kill()
            return time.monotonic()
        self.parts[name].kill()
        return 0.0

    def bring_back(self, name: str) -> float:
        """Start a killed part again; when it answered (`time.monotonic`)."""
        self.parts[name].start()
        return time.monotonic()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a statement, read past the target."""
        if self.cluster is not None:
            return [tuple(row.split("|")) for row in self.cluster.query("shop", sql)]
        with closing(sqlite3.connect(self.folder / "app.db")) as connection:
            return [tuple(map(str, row)) for row in connection.execute(sql)]

    def charges(self) -> list[tuple[str, str, int, str]]:
        """The provider's charges: id, reference, amount, status."""
        with closing(sqlite3.connect(self.folder / "provider.db")) as connection:
            return list(connection.execute("SELECT id, reference, amount, status FROM charges"))

    def stop(self) -> None:
        """End all parts, the last one first."""
        self._stack.close()

    def _add(self, part: Part) -> None:
        self.parts[part.name] = part
        self._stack.callback(part.stop)
        part.start()

    def _postgres(self) -> str:
        programs, owner = require("postgres"), owner_of_clusters()
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True)))
        if owner:
            shutil.chown(folder, owner, owner)
        host = random_address()
        self.cluster = cluster = PostgresCluster(programs, host, free_port(host), secrets.token_hex(16))
        data = initialise(programs, folder, cluster.password, owner)
        command = postgres_command(cluster, data, DURABLE)
        # SIGQUIT is what `pg_ctl stop -m immediate` sends: no checkpoint, and recovery from the log at the next start.
        self._add(
            Part(
                "postgres",
                command,
                cluster.ready,
                folder,
                env={**os.environ},
                user=owner,
                end=signal.SIGQUIT,
            )
        )
        return cluster.create("shop")


@contextmanager
def estate(database: str) -> Iterator[Estate]:
    """An estate that lives as long as the block; `database` is `sqlite` or `postgres`."""
    with tempfile.TemporaryDirectory(prefix="shop-") as name:
        made = Estate(database, Path(name))
        try:
            made.start()
            yield made
        finally:
            made.stop()
