"""The reference backend as a real server, started the way anyone starts it: by its command."""

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.parts.forked import run_forked, serving_fork
from tests.parts.loopback import free_port, random_address
from tests.parts.process import answers, wait_until


@dataclass(frozen=True)
class TargetServer:
    """A running treatment."""

    url: str
    host: str
    port: int
    treatment: str
    database_url: str
    key_file: Path
    log: Path
    pid: int
    settings: Mapping[str, str] = field(default_factory=dict)
    #: The certificate of one that serves HTTPS.
    ca_file: Path | None = None

    def environment(self) -> dict[str, str]:
        """What a command of the target (`lab …`) needs in order to act on this very server."""
        return {**target_environment(self.treatment, self.database_url, self.key_file), **self.settings}


def target_environment(treatment: str, database_url: str, key_file: Path) -> dict[str, str]:
    """The environment of a target's process: ours, less any setting of a target that happens to stand in it."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TARGET_")}
    return {
        **ours,
        "TARGET_TREATMENT": treatment,
        "TARGET_DATABASE_URL": database_url,
        "TARGET_SIGNING_KEY_FILE": str(key_file),
    }


def key_file(folder: Path) -> Path:
    """Where the servers and commands of one folder keep their keys; the first that needs one draws it."""
    return folder / "signing-keys.json"


def run_target(*arguments: str, environment: Mapping[str, str]) -> str:
    """Runs one command of the target to its end and returns what it printed; raises with its errors otherwise."""
    done = run_forked("target_app", arguments, environment)
    if done.returncode:
        raise RuntimeError(f"target_app {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    return done.stdout


@contextmanager
def target_server(
    treatment: str,
    database_url: str,
    folder: Path,
    *,
    workers: int = 1,
    settings: Mapping[str, str] | None = None,
) -> Iterator[TargetServer]:
    """A server of this treatment on a migrated database, on a random loopback address; ends with the block.

    `settings` are further environment variables. The log stays in `folder`.
    """
    host = random_address()
    port = free_port(host)
    keys = key_file(folder)
    log = folder / f"target-{port}.log"
    tls = folder / f"target-{port}.crt" if "transport=tls" in treatment else None
    told = {"TARGET_TLS_CERTIFICATE_FILE": str(tls)} if tls else {}
    environment = {**target_environment(treatment, database_url, keys), **told, **(settings or {})}
    arguments = ["serve", "--host", host, "--port", str(port), "--workers", str(workers)]
    with serving_fork("target_app", arguments, environment, log) as process:
        url = f"{'https' if tls else 'http'}://{host}:{port}"
        wait_until(lambda: answers(f"{url}/health", tls), process=process, log=log, what=f"target_app ({treatment})")
        yield TargetServer(url, host, port, treatment, database_url, keys, log, process.pid, settings or {}, tls)


def empty_sqlite(folder: Path, treatment: str = "hardened") -> str:
    """The URL of a new SQLite database with the schema and no rows."""
    database_url = f"sqlite:///{folder / f'empty-{secrets.token_hex(4)}.db'}"
    migrate(database_url, folder, treatment)
    return database_url


def migrate(database_url: str, folder: Path, treatment: str = "hardened") -> None:
    """Brings a database to the newest schema."""
    run_target("migrate", environment=target_environment(treatment, database_url, key_file(folder)))


def describe(folder: Path) -> dict[str, Any]:
    """The target's own description of its factors and profiles."""
    described: dict[str, Any] = json.loads(
        run_target("describe", environment=target_environment("hardened", "sqlite:///unused.db", key_file(folder)))
    )
    return described
