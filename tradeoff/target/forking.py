"""Our side of fork servers: starting one for each tree, asking it for processes, and hearing of their ends."""

from __future__ import annotations

import functools
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeVar

from tradeoff.target import fork_server
from tradeoff.target.commands import environment as with_ours
from tradeoff.target.commands import run_started
from tradeoff.target.description import Target
from tradeoff.target.errors import TradeoffError
from tradeoff.target.process import Child, Launch, ManagedProcess, launched

START_TIMEOUT_S = 60.0
FORK_TIMEOUT_S = 10.0

Found = TypeVar("Found")


class ForkedChild:
    """A process that a fork server made, with the face of subprocess.Popen."""

    def __init__(self, server: ForkServer, pid: int) -> None:
        self._server, self.pid = server, pid

    def poll(self) -> int | None:
        """Exit code, or None while it runs."""
        return self._server.code_of(self.pid)

    def wait(self, timeout: float | None = None) -> int:
        """Exit code, once it ends.

        Raises:
            subprocess.TimeoutExpired: it still runs after `timeout` seconds.
        """
        code = self._server.wait_for(self.poll, timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
        return code


class ForkServer:
    """One process that imports a target's modules, and is asked for forks once it has."""

    def __init__(self, modules: Sequence[str], *, tree: Path, hash_seed: int) -> None:
        self._numbers = itertools.count(1)
        self._pids: dict[int, int] = {}
        self._codes: dict[int, int] = {}
        self._ready: bool | None = None
        self._ended: str | None = None
        self._changed = threading.Condition()
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = ManagedProcess(
                [sys.executable, fork_server.__file__, *modules],
                cwd=tree,
                environment=with_ours({"PYTHONHASHSEED": str(hash_seed)}),
                name="the process that arms are forked from",
                launch=functools.partial(launched, stdin=theirs.fileno()),
            )
        self._reader = threading.Thread(target=self._read, daemon=True, name="fork-server-reader")
        self._reader.start()

    def wait_ready(self) -> None:
        """Wait until all is imported.

        Raises:
            TradeoffError: a module cannot be imported, or a fork would not be whole.
        """
        if not self.wait_for(lambda: self._ready, START_TIMEOUT_S):
            raise TradeoffError(f"target.toml: preload: {self._why()}")

    def fork(
        self, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], log: IO[bytes], out: IO[bytes]
    ) -> Child:
        """A process that does what the command `PYTHON -m MODULE WORDS…` would do.

        Raises:
            TradeoffError: the server has ended, or gives no answer.
        """
        number = next(self._numbers)
        request = {"id": number, "module": command[2], "words": list(command[3:]), "folder": str(cwd)}
        message = json.dumps({**request, "environment": dict(environment)}).encode()
        try:
            socket.send_fds(self._channel, [message], [out.fileno(), log.fileno()])
        except OSError:
            raise TradeoffError(f"no process can be forked: {self._why()}") from None
        pid = self.wait_for(lambda: self._pids.get(number), FORK_TIMEOUT_S)
        if pid is None:
            raise TradeoffError(f"no process was forked: {self._why()}")
        return ForkedChild(self, pid)

    def code_of(self, pid: int) -> int | None:
        """Exit code of a forked process, or None while it runs; where the server has ended, its forks have too."""
        with self._changed:
            return self._codes.get(pid, -signal.SIGTERM if self._ended is not None else None)

    def wait_for(self, look: Callable[[], Found | None], timeout: float | None) -> Found | None:
        """What `look` finds, once it finds something; None after `timeout` seconds or where the server has ended."""
        with self._changed:
            self._changed.wait_for(lambda: look() is not None or self._ended is not None, timeout)
            return look()

    def stop(self) -> None:
        """End it, and with it what it forked."""
        with self._changed:
            if self._ended is None:
                self._channel.shutdown(socket.SHUT_RDWR)
        self._reader.join(2.0)
        self._process.stop(grace_s=1.0)
        self._channel.close()

    def _why(self) -> str:
        return self._ended or self._process.last_words() or "the process that arms are forked from gives no answer"

    def _read(self) -> None:
        while message := self._receive():
            with self._changed:
                self._note(json.loads(message))
                self._changed.notify_all()
        with self._changed:
            self._ended = self._ended or "the process that arms are forked from has ended"
            self._changed.notify_all()

    def _receive(self) -> bytes:
        try:
            return self._channel.recv(fork_server.LARGEST_MESSAGE)
        except OSError:
            return b""

    def _note(self, message: Mapping[str, Any]) -> None:
        match message:
            case {"pid": int(pid), "code": int(code)}:
                self._codes[pid] = code
            case {"pid": int(pid), "id": int(number)}:
                self._codes.pop(pid, None)  # the number of a process that ended before is used again
                self._pids[number] = pid
            case {"ready": True}:
                self._ready = True
            case {"failed": str(why)}:
                self._ended = why


class Nursery:
    """Where a target's processes come from: forked where it names modules to preload, started by command elsewhere.

    All forks of one nursery share a hash seed; those of one tree share a memory layout, and the pages themselves. An
    arm whose pages no other arm shares has the caches less to itself: in a duet it read 4 to 8 % dearer than an
    identical one that had siblings (docs/decisions/0006). So arms are forked where all that are compared can be
    siblings, and started by command where they run the code of several trees.
    """

    def __init__(self, target: Target, *, hash_seed: int, trees: Collection[Path]) -> None:
        self.hash_seed = hash_seed
        self._modules = target.preload if len(set(trees)) == 1 else []
        self._servers: dict[Path, ForkServer] = {}
        self._starting = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it, and with it all that was forked."""
        for server in self._servers.values():
            server.stop()

    def import_ahead(self, tree: Path) -> None:
        """Begin with the import for a tree, so that it is done when the first process is asked for."""
        if self._modules:
            self._begun(tree)

    def wait_imported(self) -> None:
        """Wait until what was begun is imported.

        Raises:
            TradeoffError: it cannot be.
        """
        for server in self._servers.values():
            server.wait_ready()

    def launch(self, tree: Path) -> Launch:
        """What starts the processes that run the code of a tree."""

        def start(command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], log: IO[bytes]) -> Child:
            if not self._forkable(command):
                return launched(command, cwd=cwd, environment=environment, log=log)
            return self._server(tree).fork(command, cwd=cwd, environment=environment, log=log, out=log)

        return start

    def run(
        self, command: Sequence[str], /, *, tree: Path, environment: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a short command of the target to its end, as subprocess.run does.

        Raises:
            subprocess.TimeoutExpired: it took longer than `timeout` seconds, and was ended.
        """
        if not self._forkable(command):
            return run_started(command, tree=tree, environment=environment, timeout=timeout)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as log:
            child = self._server(tree).fork(command, cwd=tree, environment=environment, log=log, out=out)
            try:
                code = child.wait(timeout)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                raise
            return subprocess.CompletedProcess(list(command), code, _text(out), _text(log))

    def _forkable(self, command: Sequence[str]) -> bool:
        return bool(self._modules) and len(command) > 2 and [*command[:2]] == [sys.executable, "-m"]

    def _server(self, tree: Path) -> ForkServer:
        server = self._begun(tree)
        server.wait_ready()
        return server

    def _begun(self, tree: Path) -> ForkServer:
        with self._starting:
            if tree not in self._servers:
                self._servers[tree] = ForkServer(self._modules, tree=tree, hash_seed=self.hash_seed)
            return self._servers[tree]


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
