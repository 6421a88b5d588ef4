"""An arm: a treatment running as processes, on a loopback address of its own."""

from __future__ import annotations

import http.client
import random
import socket
import time
from pathlib import Path

from security.redact import redact_text
from tradeoff.target.clock import pin, process_tree, total_cpu_ns
from tradeoff.target.commands import environment, fill
from tradeoff.target.description import Target
from tradeoff.target.errors import TradeoffError
from tradeoff.target.process import ManagedProcess
from tradeoff.target.template import arm_environment, values_of

READY_POLL_S = 0.03


def loopback_place() -> tuple[str, int]:
    """A random address in 127.16/12 and a port free on it."""
    host = f"127.{random.randint(16, 31)}.{random.randint(0, 255)}.{random.randint(2, 254)}"
    with socket.socket() as probe:
        probe.bind((host, 0))
        return host, int(probe.getsockname()[1])


class RunningArm:
    """A started target process group. Call `wait_ready`, use it, and `stop` it."""

    def __init__(
        self,
        target: Target,
        *,
        name: str,
        setting: str,
        work: Path,
        tree: Path,
        articles: int,
        workers: int = 1,
        hash_seed: int = 0,
        place: tuple[str, int] | None = None,
        database_url: str | None = None,
    ) -> None:
        self.name = name
        self.tree = tree
        self.workers = workers
        self.hash_seed = hash_seed
        self.host, self.port = place or loopback_place()
        self._ready = target.ready
        values = values_of(target, work=work, setting=setting, articles=articles, database_url=database_url)
        values |= {"host": self.host, "port": self.port, "workers": workers}
        self.extra = arm_environment(target, values)
        self._process = ManagedProcess(
            fill(target.start, values),
            cwd=tree,
            environment=environment({**self.extra, "PYTHONHASHSEED": str(hash_seed)}),
            name=f"the arm {name}",
        )
        self.pids: tuple[int, ...] = (self._process.pid,)

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://{self.host}:{self.port}"

    def wait_ready(self) -> None:
        """Wait until it serves, and note its processes.

        Raises:
            TradeoffError: it ended, or did not serve within the target's time.
        """
        deadline = time.monotonic() + self._ready.timeout_s
        while not self._serves():
            self.check_alive()
            if time.monotonic() > deadline:
                raise TradeoffError(
                    f"{self._process.name} did not answer {self._ready.path} within {self._ready.timeout_s:.0f} s"
                    f"{self._said()}"
                )
            time.sleep(READY_POLL_S)
        self.pids = process_tree(self._process.pid)

    def _serves(self) -> bool:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=2.0)
        try:
            connection.request("GET", self._ready.path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def check_alive(self) -> None:
        """Raise TradeoffError if its leading process has ended."""
        code = self._process.ended()
        if code is not None:
            how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            raise TradeoffError(f"{self._process.name} {how}{self._said()}")

    def _said(self) -> str:
        words = redact_text(self._process.last_words())
        return f"; its last words: {words}" if words else ""

    def cpu_ns(self) -> int:
        """CPU clock of all its processes together, in ns.

        Raises:
            TradeoffError: one of them has ended.
        """
        try:
            return total_cpu_ns(self.pids)
        except ProcessLookupError:
            self.check_alive()
            raise TradeoffError(f"a worker of {self._process.name} has ended in the middle of a window") from None

    def pin(self, cores: set[int]) -> None:
        """Bind all its threads to the cores."""
        pin(self.pids, cores)

    def wait_ended(self) -> int:
        """Wait until it ends by itself and give its exit code."""
        while (code := self._process.ended()) is None:
            time.sleep(0.1)
        return code

    def last_words(self) -> str:
        """The end of what it logged, redacted."""
        return redact_text(self._process.last_words())

    def stop(self, grace_s: float = 3.0) -> None:
        """End it with all its processes: asked first, killed after the grace."""
        self._process.stop(grace_s)
