"""An arm: a treatment running as processes, on a loopback address of its own, with its front and its services."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from tradeoff.target.clock import pin, process_tree, total_cpu_ns
from tradeoff.target.commands import environment, fill
from tradeoff.target.description import ChosenFront, Command, Scheme, Service, Target
from tradeoff.target.errors import TradeoffError
from tradeoff.target.forking import Nursery
from tradeoff.target.process import Launch, ManagedProcess, launched
from tradeoff.target.served import check_alive, free_port, loopback_place, wait_ready, wait_workers
from tradeoff.target.template import arm_environment, certificate_of, values_of


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
    """A started target process group, its front if it has one, and its services.

    Call `wait_ready`, use it, and `stop` it. A front takes the arm's place, and the backend listens behind it. An arm
    that is `attacked` is told where probes may answer in place of services.
    """

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
        front: ChosenFront | None = None,
        attacked: bool = False,
        scheme: Scheme = "http",
    ) -> None:
        self.name = name
        self.scheme = scheme
        self.ca_file = certificate_of(work) if scheme == "https" else None
        self.tree = tree
        self.workers = workers
        self.host, self.port = place or loopback_place()
        self._behind = loopback_place() if front else (self.host, self.port)
        self._ready = target.ready
        self._services = {
            word: RunningService(word, name, service, self.host, free_port(self.host))
            for word, service in (services or {}).items()
        }
        values = values_of(
            target, work=work, setting=setting, articles=articles, database_url=database_url, redis_url=redis_url
        )
        host, port = self._behind
        values |= {"host": host, "port": port, "url": self.url, "workers": workers}
        values |= {"authority": f"{self.host}:{self.port}", "source": host if front else ""}
        #: What the backend is told of each service.
        self.service_urls = {word: service.attacked_at if attacked else "" for word, service in target.services.items()}
        self.service_urls |= {word: service.url for word, service in self._services.items()}
        values |= {f"{word}_url": url for word, url in self.service_urls.items()}
        self.extra = arm_environment(target, values)
        self._processes: list[ManagedProcess] = []
        launch = nursery.launch(tree) if nursery else launched
        seeded = {"PYTHONHASHSEED": str(nursery.hash_seed)} if nursery else {}
        try:
            for service in self._services.values():
                service.start(values, tree, self.extra, launch)
            self._start(target.start, values, f"the arm {name}", seeded, launch)
            if front is not None:
                own = {"host": self.host, "port": self.port, "upstream": f"{host}:{port}", "level": front.level}
                self._start(front.start, {**values, **own}, f"the front of {name}", {}, launched)
        except BaseException:
            self.stop(grace_s=0.0)
            raise
        self.pids: tuple[int, ...] = (self.pid,)

    def _start(
        self, command: Command, values: Mapping[str, object], name: str, more: Mapping[str, str], launch: Launch
    ) -> None:
        words, extra = fill(command, values), environment({**self.extra, **more})
        self._processes.append(ManagedProcess(words, cwd=self.tree, environment=extra, name=name, launch=launch))

    @property
    def pid(self) -> int:
        """The backend's leading process."""
        return self._processes[0].pid

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"{self.scheme}://{self.host}:{self.port}"

    def wait_ready(self) -> None:
        """Wait until it, its front and its services serve, and note its processes.

        Raises:
            TradeoffError: one of them ended, or did not serve within the target's time.
        """
        path, timeout_s = self._ready.path, self._ready.timeout_s
        for process, place in zip(self._processes, (self._behind, (self.host, self.port)), strict=False):
            wait_ready(process, *place, path, timeout_s, ca_file=self.ca_file)
        wait_workers(self._processes[0], *self._behind, self._ready, self.workers, ca_file=self.ca_file)
        for service in self._services.values():
            service.wait_ready(timeout_s)
        self.pids = tuple(pid for process in self._processes for pid in process_tree(process.pid))

    def check_alive(self) -> None:
        """Raise TradeoffError if one of its leading processes or a service has ended."""
        for process in (*self._processes, *(one.process for one in self._services.values())):
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
            raise TradeoffError(f"a worker of the arm {self.name} has ended in the middle of a window") from None

    def pin(self, cores: set[int]) -> None:
        """Bind all its threads to the cores; its services go to the other ones, if there are any."""
        pin(self.pids, cores)
        others = os.sched_getaffinity(0) - cores
        for service in self._services.values():
            if service.process is not None and others:
                pin(process_tree(service.process.pid), others)

    def watch(self) -> NoReturn:
        """Wait, for as long as all goes well.

        Raises:
            TradeoffError: one of its leading processes or a service has ended by itself.
        """
        while True:
            self.check_alive()
            time.sleep(0.1)

    def stop(self, grace_s: float = 3.0) -> None:
        """End it with all its processes, the front first: asked first, killed after the grace."""
        with ExitStack() as ending:  # each is ended, whatever comes of the others
            for service in self._services.values():
                if service.process is not None:
                    ending.callback(service.process.stop, 0.0)
            for process in self._processes:
                ending.callback(process.stop, grace_s)
