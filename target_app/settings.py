"""What one server is told from outside: environment variables with the prefix `TARGET_`."""

import hashlib
import ipaddress
import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, PositiveInt, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from target_app.database import sqlite_path
from target_app.operator_error import OperatorError

#: Where a server that is told nothing keeps what it must keep (XDG base directory specification).
STATE = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "target_app"

#: What one of several worker processes is called, as `ps -o comm` shows it.
WORKER_NAME = b"target-worker"


class Settings(BaseSettings):
    """Settings of one server. Times in seconds."""

    model_config = SettingsConfigDict(env_prefix="TARGET_", extra="ignore")

    treatment: str = "hardened"
    database_url: str = f"sqlite:///{STATE / 'conduit.db'}"
    #: Where workers share throttles, tickets and messages; empty: throttles in the database, the rest by worker.
    redis_url: str = ""
    signing_key_file: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    #: More values of the Host header to answer to, separated by commas.
    allowed_hosts: str = ""
    #: The address of a proxy in front, whose X-Forwarded-For is believed; empty: nobody's is.
    trusted_proxy: str = ""
    #: Processes of this server; `serve` sets it.
    workers: PositiveInt = 1
    #: Whether TLS ends in front of this server: browsers then send its cookies over TLS alone.
    https: bool = False
    #: Where the certificate stands, or is made, that TLS is served with; its key has the suffix `.key`.
    tls_certificate_file: Path | None = None
    pool_size: PositiveInt = 10
    #: PostgreSQL gives up a statement that takes longer; the request is answered 503.
    statement_timeout_ms: PositiveInt = 5000
    hash_threads: int = 2
    #: Passwords that may wait for a hashing thread; the next one is answered 503.
    hash_queue_limit: int = 64
    #: Where avatars are kept; the workers of one server share it, and so must its machines.
    upload_folder: Path | None = None
    #: Threads that read and write files of articles and pictures, and how many of these may wait; the next one: 503.
    upload_threads: PositiveInt = 2
    upload_queue_limit: int = 16
    #: WebSockets and event streams that one worker keeps open; the next one is answered 503.
    max_sockets: PositiveInt = 2000
    #: How often an open connection shows that it is alive, and how long its peer may take to do so.
    heartbeat_s: Annotated[float, Field(gt=0, le=3600)] = 20.0
    #: The payment provider; empty where nothing is sold.
    provider_url: str = ""
    provider_secret_file: Path | None = None
    #: Names for requests that users ask for, instead of the system's: a lab's file, see `outbound/resolver.py`.
    resolver_file: Path | None = None

    @property
    def key_file(self) -> Path:
        """Where the signing keys stand: as told, else beside a SQLite database, else in STATE."""
        if self.signing_key_file is not None:
            return self.signing_key_file
        path = sqlite_path(self.database_url)
        if path is not None:
            return path.with_name(path.name + ".keys.json")
        return STATE / f"{hashlib.sha256(self.database_url.encode()).hexdigest()[:16]}.keys.json"

    @property
    def uploads(self) -> Path:
        """Where uploaded files stand: as told, else beside a SQLite database, else in STATE."""
        return self.upload_folder or self.key_file.with_suffix(".uploads")

    @property
    def certificate_file(self) -> Path:
        """Where the certificate stands: as told, else beside the signing keys."""
        return self.tls_certificate_file or self.key_file.with_suffix(".crt")

    @property
    def audit_file(self) -> Path:
        """Where an audit log in plain text stands: beside the signing keys."""
        return self.key_file.with_suffix(".audit.log")

    @property
    def provider_file(self) -> Path:
        """Where the secrets stand that the payment provider knows too: as told, else beside the signing keys."""
        return self.provider_secret_file or self.key_file.with_suffix(".provider.json")

    @property
    def host_names(self) -> frozenset[str]:
        """Every value of the Host header that is answered."""
        names = {self.host}
        if self.host in {"127.0.0.1", "localhost"}:
            names |= {"127.0.0.1", "localhost"}
        exact = {name.strip() for name in self.allowed_hosts.split(",") if name.strip()}
        names |= {name for name in exact if ":" not in name}
        bare = names if self.port == 80 else set()
        return frozenset(exact | bare | {f"{name}:{self.port}" for name in names})


class SettingsError(OperatorError):
    """A setting has a value that it cannot have."""


def read_settings() -> Settings:
    """The settings that the environment holds. Raises SettingsError."""
    try:
        return Settings()
    except ValidationError as error:
        problem = error.errors()[0]
        raise SettingsError(f"TARGET_{str(problem['loc'][0]).upper()}: {problem['msg']}") from None


def is_loopback(host: str) -> bool:
    """Whether nothing outside this machine can reach a server bound to `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
