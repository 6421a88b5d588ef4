"""An arm: a treatment running as processes, on a loopback address of its own, with the services that it needs."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from security.redact import redact_text
from tradeoff.target.clock import pin, process_tree, total_cpu_ns
from tradeoff.target.commands import environment, fill
from tradeoff.target.description import Service, Target
from tradeoff.target.errors import TradeoffError
from tradeoff.target.forking import Nursery
from tradeoff.target.process import Launch, ManagedProcess, launched
from tradeoff.target.served import check_alive, free_port, loopback_place, wait_ready
from tradeoff.target.template import arm_environment, values_of


class RunningService:
    """A service beside one arm, on the arm's address. Its CPU is not the arm's."""

    def __init__(self, name: str, arm: str, service: Service, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._name = f"the service {name} of {arm}"
        self._service = service
        self.process: ManagedProcess | None = None

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://{self.host}:{self.port}"

    def start(self, values: Mapping[str, object], tree: Path, extra: Mapping[str, str], launch: Launch) -> None:
        """Run it; `values` are the arm's."""
        words = fill(self._service.start, {**values, "host": self.host, "port": self.port})
        self.process = ManagedProcess(words, cwd=tree, environment=environment(extra), name=self._name, launch=launch)

    def wait_ready(self, timeout_s: float) -> None:
        """Wait until it answers. Raises TradeoffError."""
        if self.process is not None:
            wait_ready(self.process, self.host, self.port, self._service.ready, timeout_s)


class RunningArm:
    """A started target process group, and its services. Call `wait_ready`, use it, and `stop` it."""

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
        nursery: Nursery | None = None,
        place: tuple[str, int] | None = None,
        database_url: str | None = None,
        redis_url: str = "",
        services: Mapping[str, Service] | None = None,
    ) -> None:
        self.name = name
        self.tree = tree
        self.workers = workers
        self.host, self.port = place or loopback_place()
        self._ready = target.ready
        self._services = {
            word: RunningService(word, name, service, self.host, free_port(self.host))
            for word, service in (services or {}).items()
        }
        values = values_of(
            target, work=work, setting=setting, articles=articles, database_url=database_url, redis_url=redis_url
        )
        values |= {"host": self.host, "port": self.port, "url": self.url, "workers": workers}
        values |= {f"{word}_url": service.url for word, service in self._services.items()}
        self.extra = arm_environment(target, values)
        launch = nursery.launch(tree) if nursery else launched
        seeded = {"PYTHONHASHSEED": str(nursery.hash_seed)} if nursery else {}
        try:
            for service in self._services.values():
                service.start(values, tree, self.extra, launch)
            self._process = ManagedProcess(
                fill(target.start, values),
                cwd=tree,
                environment=environment({**self.extra, **seeded}),
                name=f"the arm {name}",
                launch=launch,
            )
        except BaseException:
            self._stop_services()
            raise
        self.pids: tuple[int, ...] = (self._process.pid,)

    @property
    def pid(self) -> int:
        """Its leading process."""
        return self._process.pid

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://{self.host}:{self.port}"

    def wait_ready(self) -> None:
        """Wait until it and its services serve, and note its processes.

        Raises:
            TradeoffError: one of them ended, or did not serve within the target's time.
        """
        wait_ready(self._process, self.host, self.port, self._ready.path, self._ready.timeout_s)
        for service in self._services.values():
            service.wait_ready(self._ready.timeout_s)
        self.pids = process_tree(self._process.pid)

    def check_alive(self) -> None:
        """Raise TradeoffError if its leading process or a service has ended."""
        for process in (self._process, *(one.process for one in self._services.values())):
            if process is not None:
                check_alive(process)

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
        """Bind all its threads to the cores; its services go to the other ones, if there are any."""
        pin(self.pids, cores)
        others = os.sched_getaffinity(0) - cores
        for service in self._services.values():
            if service.process is not None and others:
                pin(process_tree(service.process.pid), others)

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
        try:
            self._process.stop(grace_s)
        finally:
            self._stop_services()

    def _stop_services(self) -> None:
        for service in self._services.values():
            if service.process is not None:
                service.process.stop(0.0)
