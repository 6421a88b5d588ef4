"""Running the server: one process, or several on one socket.

Asked to end (SIGTERM, SIGINT), a worker stops accepting, closes idle connections, tells streams to end, and answers
what it has read, each answer with `Connection: close`. Then its background tasks end and its pools close. A request
that is still running after GRACE_S is cut off: its client gets no answer, and what it did is undone.

The parent of several workers imports the application, forks them, and forks a new one for each that ends by itself or
hangs.
"""

import ctypes
import gc
import os
import shutil
import signal
import socket
import sys
import tempfile
from importlib import import_module
from multiprocessing import Pipe, get_context
from types import FrameType
from typing import Any, NoReturn

import uvicorn
from prometheus_client import values
from prometheus_client.multiprocess import mark_process_dead
from uvicorn._subprocess import subprocess_started
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import SIGNALS, Process

from target_app.controls.transport import TRANSPORTS
from target_app.operator_error import OperatorError
from target_app.settings import WORKER_NAME, Settings, is_loopback
from target_app.treatment import Treatment
from target_app.web.streaming import HttpProtocol, WebSocketProtocol

#: A request that is still running this long after SIGTERM is cut off.
GRACE_S = 10
#: Bytes of the largest message of a WebSocket client; none is expected.
WS_MAX_SIZE = 1024
PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
FORK = get_context("fork")
#: Connections that wait to be accepted, as many as uvicorn lets wait.
BACKLOG = 2048
#: New connections that a worker takes in one turn of its loop.
ACCEPTED_AT_ONCE = 16


class ServingError(OperatorError):
    """The server cannot start."""


def refuse_exposure(host: str, treatment: Treatment) -> None:
    """Raises ServingError where weak levels would be reachable from other machines."""
    if treatment.dangerous and not is_loopback(host):
        raise ServingError(f"{', '.join(treatment.dangerous)} may only be served on a loopback address, not on {host}")


def bound_socket(host: str, port: int) -> socket.socket:
    """A listening address; port 0 takes a free one. Raises ServingError where it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)  # who reads the printed URL may connect at once, and waits for the first worker
    except OSError as error:
        listener.close()
        raise ServingError(f"cannot bind {host}:{port}: {error.strerror}") from None
    listener.set_inheritable(True)
    return listener


def doors(listener: socket.socket) -> list[socket.socket]:
    """The listening socket, several times.

    libuv takes one connection from a socket in a turn of the loop. Where many requests make turns long, new clients
    would wait for seconds behind those who came before them, and be served when they have given up.
    """
    return [listener, *(listener.dup() for _ in range(ACCEPTED_AT_ONCE - 1))]


def serve(settings: Settings, treatment: Treatment, workers: int) -> None:
    """Serve until SIGTERM or SIGINT. The workers read their settings from the environment."""
    refuse_exposure(settings.host, treatment)
    listener = bound_socket(settings.host, settings.port)
    host, port = listener.getsockname()[:2]
    transport = TRANSPORTS[treatment["transport"]]
    os.environ["TARGET_PORT"] = str(port)
    os.environ["TARGET_WORKERS"] = str(workers)
    print(f"Serving {treatment} on {transport.scheme}://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    config = uvicorn.Config(
        "target_app.app:from_environment",
        factory=True,
        workers=workers,
        loop="uvloop",
        http=HttpProtocol,
        ws=WebSocketProtocol,
        ws_max_size=WS_MAX_SIZE,
        ws_per_message_deflate=False,
        ws_ping_interval=settings.heartbeat_s,
        ws_ping_timeout=settings.heartbeat_s,
        lifespan="on",
        access_log=False,
        log_level="warning",
        proxy_headers=bool(settings.trusted_proxy),
        forwarded_allow_ips=settings.trusted_proxy,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        **transport.options(settings.certificate_file, host),
    )
    if workers == 1:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, leave)
        uvicorn.Server(config).run(sockets=doors(listener))
    else:
        run_workers(config, listener)


def leave(number: int, _frame: FrameType | None) -> NoReturn:
    """Uvicorn raises the signal again when it has drained: end as asked, 130 for an interruption."""
    sys.exit(130 if number == signal.SIGINT else 0)


class Worker(Process):
    """A worker that is forked from the parent, which has imported all."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        self.config, self._server = config, None
        self.parent_conn, self.child_conn = Pipe()
        kwargs = {"config": config, "target": self.target, "sockets": sockets, "stdin_fileno": None}
        self.process = FORK.Process(target=born, args=(os.getpid(),), kwargs=kwargs)  # type: ignore[assignment]

    def start(self) -> None:
        """Fork. A signal that comes meanwhile is kept until the worker can be ended by it."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def born(parent: int, **serving: Any) -> None:
    """What a worker does: it serves, and ends when its parent does."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    kernel = ctypes.CDLL(None)
    kernel.prctl(PR_SET_NAME, WORKER_NAME)
    kernel.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    if os.getppid() == parent:  # else it ended while this process started: no signal will come
        subprocess_started(**serving)


class Workers(Multiprocess):
    """Uvicorn's parent of several workers, which forks them, and remembers whether Ctrl-C ended it."""

    interrupted = False

    def init_processes(self) -> None:
        """Start as many as are configured."""
        self.processes = [self._started() for _ in range(self.processes_num)]

    def handle_int(self) -> None:
        """SIGINT."""
        self.interrupted = True
        super().handle_int()

    def keep_subprocess_alive(self) -> None:
        """Replace the workers that ended, and take what they were doing out of the metrics."""
        for index, worker in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if worker.is_alive(timeout=self.config.timeout_worker_healthcheck):
                continue
            worker.kill()  # it hangs, or has ended
            worker.join()
            mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # it ships no types for this one
            if worker.exitcode == STARTUP_FAILURE:  # the next would fail the same way
                self.should_exit.set()
            else:
                self.processes[index] = self._started()

    def _started(self) -> Worker:
        worker = Worker(self.config, self.sockets)
        worker.start()
        return worker


def run_workers(config: uvicorn.Config, listener: socket.socket) -> None:
    """Several processes on one socket, with a folder in which they share their metrics."""
    folder = tempfile.mkdtemp(prefix="target_app-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]  # it was chosen before there was a folder
    try:
        import_module("target_app.app")
        gc.freeze()  # what is imported stays shared: no collection touches, and copies, its pages
        workers = Workers(config, sockets=doors(listener))
        workers.run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if workers.interrupted:
        sys.exit(130)
