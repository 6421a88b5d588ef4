"""The payment provider as a real process, which can be killed and started again on its file."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from target_app.provider_secrets import ProviderSecrets
from tests.parts.forked import serving_fork
from tests.parts.loopback import free_port, random_address
from tests.parts.process import answers, wait_until
from tests.parts.target import target_environment


@dataclass
class Provider:
    """A provider with a file of its own in `folder`."""

    folder: Path
    options: tuple[str, ...] = ()
    host: str = field(default_factory=random_address)
    port: int = 0
    pid: int = 0
    _stack: ExitStack = field(default_factory=ExitStack, repr=False)

    def __post_init__(self) -> None:
        self.port = self.port or free_port(self.host)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self.host}:{self.port}"

    @property
    def secrets(self) -> ProviderSecrets:
        """What it shares with its clients."""
        return ProviderSecrets(self.folder / "provider.keys.json")

    @property
    def settings(self) -> dict[str, str]:
        """The environment of a target that uses it."""
        return {
            "TARGET_PROVIDER_URL": self.url,
            "TARGET_PROVIDER_SECRET_FILE": str(self.secrets.path),
            "TARGET_RESOLVER_FILE": str(self.names),
        }

    @property
    def names(self) -> Path:
        """Where it writes the name that it has in a lab."""
        return self.folder / "names.json"

    def start(self) -> None:
        """Serve, and return when it does."""
        arguments = [
            "--host", self.host, "--port", str(self.port), "--database", str(self.folder / "provider.db"),
            "--secret-file", str(self.secrets.path), "--resolver-file", str(self.names), *self.options,
        ]  # fmt: skip
        log = self.folder / f"provider-{secrets.token_hex(4)}.log"
        environment = target_environment("hardened", "sqlite:///unused.db", self.folder / "unused.json")
        process = self._stack.enter_context(serving_fork("target_app.provider", arguments, environment, log))
        wait_until(lambda: answers(f"{self.url}/health"), process=process, log=log, what="the provider")
        self.pid = process.pid

    def stop(self) -> None:
        """End the process."""
        self._stack.close()

    def control(self, **behaviour: float) -> dict[str, Any]:
        """Set how it behaves, all else as in a new one; what it counted."""
        headers = {"Authorization": f"Bearer {self.secrets.api_key()}"}
        return dict(httpx.put(f"{self.url}/control", json=behaviour, headers=headers).json()["counts"])


@contextmanager
def provider(folder: Path, *options: str) -> Iterator[Provider]:
    """A provider that lives as long as the block."""
    made = Provider(folder, options)
    made.start()
    try:
        yield made
    finally:
        made.stop()
