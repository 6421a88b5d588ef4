"""The backends of tests/security/strangers as processes, with their flaws or without."""

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.parts.loopback import free_port, random_address
from tests.parts.process import running, wait_until, with_parent
from tests.parts.repository import ROOT
from tests.parts.require import require

STRANGERS: Final = ROOT / "tests" / "security" / "strangers"


@dataclass(frozen=True)
class Application:
    """One code base: its document (file, and path where it is served), and what its command begins with."""

    name: str
    document: str
    document_path: str | None
    node: bool = False

    @property
    def folder(self) -> Path:
        """Where it stands."""
        return STRANGERS / self.name

    def command(self) -> list[str]:
        """Without options; skips or fails the test where the interpreter is missing."""
        if self.node:
            return [str(require("node")), str(self.folder / "main.mjs")]
        return [sys.executable, "-m", f"tests.security.strangers.{self.name}"]


APPLICATIONS: Final = {
    application.name: application
    for application in (
        Application("clinic", "openapi.yaml", "/openapi.json"),
        Application("allotment", "openapi.yaml", None),
        Application("courier", "openapi.json", "/v2/spec", node=True),
    )
}


@dataclass(frozen=True)
class StrangeBackend:
    """A running backend. `secret`: password of its seeded staff account and key of the notices that it takes."""

    application: Application
    repaired: bool
    url: str
    secret: str

    @property
    def document(self) -> Path:
        """Its OpenAPI document as a file."""
        return self.application.folder / self.application.document

    @property
    def document_url(self) -> str | None:
        """Where it serves that document; None where it does not."""
        return None if self.application.document_path is None else self.url + self.application.document_path


@contextmanager
def strange_backend(name: str, folder: Path, *, repaired: bool, partner: str = "") -> Iterator[StrangeBackend]:
    """A backend that lives as long as the block, with empty state; its mended form fetches from `partner` alone."""
    application, host, secret = APPLICATIONS[name], random_address(), secrets.token_hex(16)
    port = free_port(host)
    command = [*with_parent("KILL"), *application.command(), "--host", host, "--port", str(port), "--secret", secret]
    command += ["--repaired"] if repaired else []
    command += ["--partner", partner] if partner else []
    log = folder / f"{name}-{secrets.token_hex(4)}.log"
    with running(command, log=log, cwd=ROOT) as process:
        wait_until(lambda: "ready http" in log.read_text(), process=process, log=log, what=name, timeout_s=20)
        yield StrangeBackend(application, repaired, f"http://{host}:{port}", secret)
