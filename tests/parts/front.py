"""nginx in front of something, started the way an arm starts it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from security.waf.front import PARANOIA
from tests.parts.loopback import free_port, random_address
from tests.parts.process import answers, running, wait_until, with_parent
from tests.parts.repository import ROOT
from tests.parts.require import require


@dataclass(frozen=True)
class RunningFront:
    """A front that serves."""

    url: str
    host: str
    port: int
    pid: int


def front_command(level: str, folder: Path, *, listen: str, upstream: str, source: str) -> list[str]:
    """What starts a front; skips or fails the test where a part is missing."""
    require("nginx")
    if PARANOIA[level]:
        require("crs")
    return [
        *with_parent("TERM"), sys.executable, "-m", "security.waf", "--level", level, "--listen", listen,
        "--upstream", upstream, "--source", source, "--folder", str(folder / "front"),
    ]  # fmt: skip


@contextmanager
def front_of(
    upstream: str,
    level: str,
    folder: Path,
    *,
    source: str,
    place: tuple[str, int] | None = None,
    ready: str = "/health",
) -> Iterator[RunningFront]:
    """A front of what listens at `upstream` (host:port), as long as the block."""
    host = place[0] if place else random_address()
    port = place[1] if place else free_port(host)
    command = front_command(level, folder, listen=f"{host}:{port}", upstream=upstream, source=source)
    log = folder / "front.log"
    with running(command, log=log, cwd=ROOT) as process:
        url = f"http://{host}:{port}"
        wait_until(lambda: answers(url + ready), process=process, log=log, what=f"nginx ({level})")
        yield RunningFront(url, host, port, process.pid)
