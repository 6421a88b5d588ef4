"""Running the server: one process, or several on one socket.

Asked to end (SIGTERM, SIGINT), a worker stops accepting, closes idle connections, tells streams to end, and answers
what it has read, each answer with `Connection: close`. Then its background tasks end and its pools close. A request
that is still running after GRACE_S is cut off: its client gets no answer, and what it did is undone.

The parent of several workers starts a new one for each that ends by itself or hangs.
"""

import ctypes
import os
import shutil
import signal
import socket
import sys
import tempfile
from types import FrameType
from typing import NoReturn

import uvicorn
from uvicorn.supervisors import Multiprocess

from target_app.controls.transport import TRANSPORTS
from target_app.operator_error import OperatorError
from target_app.settings import Settings, is_loopback
from target_app.treatment import Treatment
from target_app.web.streaming import HttpProtocol, WebSocketProtocol

#: A request that is still running this long after SIGTERM is cut off.
GRACE_S = 10
#: Bytes of the largest message of a WebSocket client; none is expected.
WS_MAX_SIZE = 1024
PR_SET_PDEATHSIG = 1
#: Where the workers read whose they are.
PARENT = "TARGET_PARENT_PID"
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
        "target_app.app:from_environment" if workers == 1 else "target_app.serving:worker",
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


class Workers(Multiprocess):
    """Uvicorn's parent of several workers, which remembers whether Ctrl-C ended it."""

    interrupted = False

    def handle_int(self) -> None:
        """SIGINT."""
        self.interrupted = True
        super().handle_int()

    def keep_subprocess_alive(self) -> None:
        """Replace the workers that ended, and take what they were doing out of the metrics."""
        from prometheus_client.multiprocess import mark_process_dead

        before = {worker.pid for worker in self.processes}
        super().keep_subprocess_alive()
        for pid in before - {worker.pid for worker in self.processes}:
            mark_process_dead(pid)  # type: ignore[no-untyped-call]  # it ships no types for this one


def run_workers(config: uvicorn.Config, listener: socket.socket) -> None:
    """Several processes on one socket, with a folder in which they share their metrics."""
    folder = tempfile.mkdtemp(prefix="target_app-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    os.environ[PARENT] = str(os.getpid())
    try:
        workers = Workers(config, sockets=doors(listener))
        workers.run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if workers.interrupted:
        sys.exit(130)


def worker() -> object:
    """The app of one of several workers, which ends when its parent does."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(os.environ[PARENT]):  # it ended while this process started: no signal will come
        sys.exit(0)
    from target_app.app import from_environment

    return from_environment()
