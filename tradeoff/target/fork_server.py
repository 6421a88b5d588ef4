"""A process that has imported a Python backend once, and from which its commands are forked.

Runs as a script in the backend's own environment, so that it uses the standard library alone:
`PYTHON fork_server.py MODULE…`, with a Unix socket (SOCK_SEQPACKET) as standard input. Each message is one JSON object:

    to it    {"id", "module", "words", "folder", "environment"}  with two descriptors: standard output and error
    from it  {"ready": true} once, or {"failed": why} where a module cannot be imported
             {"id", "pid"}        the command runs, leading a session of its own
             {"pid", "code"}      it has ended, with an exit code as subprocess gives it

What runs in a fork is what `PYTHON -m MODULE WORDS…` would run, in milliseconds instead of the seconds that the imports
take. A fork shares hash seed and memory layout with this process: start another one for each epoch.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

LARGEST_MESSAGE = 200_000
PR_SET_PDEATHSIG = 1

Request = dict[str, Any]


class Children:
    """The forks that run, by a descriptor that tells when one has ended."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._selector = selectors.DefaultSelector()
        self._selector.register(channel, selectors.EVENT_READ)

    def next_request(self) -> tuple[Request, list[int]] | None:
        """The next request with its descriptors, telling of every end meanwhile; None where nobody asks any more."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is not self._channel:
                    self._tell_end(key.fd, key.data)
                    continue
                message, descriptors, _, _ = socket.recv_fds(self._channel, LARGEST_MESSAGE, 2)
                return (json.loads(message), descriptors) if message else None

    def watch(self, pid: int) -> None:
        """Tell when this fork has ended."""
        self._selector.register(os.pidfd_open(pid), selectors.EVENT_READ, pid)

    def forget(self) -> None:
        """In a fork: nothing of this is its own."""
        for key in list(self._selector.get_map().values()):
            os.close(key.fd)
        self._selector.close()

    def _tell_end(self, descriptor: int, pid: int) -> None:
        self._selector.unregister(descriptor)
        os.close(descriptor)
        _, status = os.waitpid(pid, 0)
        tell(self._channel, {"pid": pid, "code": os.waitstatus_to_exitcode(status)})


def tell(channel: socket.socket, message: Request) -> None:
    """Send one message."""
    channel.send(json.dumps(message).encode())


def serve(channel: socket.socket) -> Request:
    """Fork for every request. Returns in each fork, with what it has to run; ends the process where nobody asks."""
    children, server = Children(channel), os.getpid()
    while (asked := children.next_request()) is not None:
        request, descriptors = asked
        pid = os.fork()
        if pid == 0:
            children.forget()
            become(request, descriptors, server)
            return request
        for descriptor in descriptors:
            os.close(descriptor)
        children.watch(pid)
        tell(channel, {"id": request["id"], "pid": pid})
    sys.exit(0)


def become(request: Request, descriptors: list[int], server: int) -> None:
    """Make a fork what `request` describes, in a session of its own that ends with the server."""
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != server:  # it ended meanwhile: no signal will come
        os._exit(1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((nothing, *descriptors)):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])


def run(request: Request) -> None:
    """What `python -m` does with a module and words."""
    sys.argv = [request["module"], *request["words"]]
    runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


def refuse(channel: socket.socket, why: str) -> NoReturn:
    """Say why nothing can be forked, and end."""
    tell(channel, {"failed": why})
    sys.exit(2)


def preload(channel: socket.socket, modules: list[str]) -> None:
    """Import the modules and set what they left aside, so that no collection touches (and copies) what is shared."""
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception as error:  # the backend's own code: whatever it raises is told
            refuse(channel, f"{module} cannot be imported: {type(error).__name__}: {error}")
    tasks = len(list(Path("/proc/self/task").iterdir()))
    if tasks > 1:
        refuse(channel, f"importing {', '.join(modules)} started {tasks - 1} threads, and a fork would lack them")
    gc.collect()
    gc.freeze()


def main() -> None:
    """Import, then serve; a fork goes on to run its command."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = socket.socket(fileno=os.dup(0))
    sys.path[0] = str(Path.cwd())
    preload(channel, sys.argv[1:])
    tell(channel, {"ready": True})
    run(serve(channel))


if __name__ == "__main__":
    main()
