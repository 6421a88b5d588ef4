"""Processes that end with us: each leads a session of its own and is killed by the kernel should we die."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from tradeoff.target.errors import TradeoffError

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Runs in the child first: a killed parent takes it along, and ignored signals act again."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


class Child(Protocol):
    """A process that leads a session of its own, as subprocess.Popen shows it."""

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """Exit code, or None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Exit code, once it ends. Raises subprocess.TimeoutExpired."""


class Launch(Protocol):
    """Makes a process whose standard output and error go to `log`. Raises OSError or TradeoffError."""

    def __call__(self, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], log: IO[bytes]) -> Child:
        """Make it."""


def launched(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    log: IO[bytes],
    stdin: int = subprocess.DEVNULL,
    stdout: int | None = None,
) -> subprocess.Popen[str]:
    """A process made by running the command; its output goes to the log too where `stdout` says nothing else."""
    return subprocess.Popen(
        list(command),
        cwd=cwd,
        env=dict(environment),
        stdin=stdin,
        stdout=log if stdout is None else stdout,
        stderr=log,
        text=True,
        start_new_session=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - prctl and signal only: safe after fork
    )


class ManagedProcess:
    """A child process with its whole group: started, watched, and stopped without leaving an orphan."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        name: str,
        launch: Launch = launched,
    ) -> None:
        self.name = name
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        try:
            self._child = launch(command, cwd=cwd, environment=environment, log=self._log)
        except OSError as error:
            self._log.close()
            raise TradeoffError(f"{name} can't be started: {command[0]}: {error.strerror}") from None
        except TradeoffError:
            self._log.close()
            raise

    @property
    def pid(self) -> int:
        """Number of the leading process."""
        return self._child.pid

    def ended(self) -> int | None:
        """Exit code, or None while it runs."""
        return self._child.poll()

    def wait(self, seconds: float) -> int | None:
        """Exit code once it ends, or None if it still runs after so long."""
        try:
            return self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def last_words(self, lines: int = 3) -> str:
        """The end of what the process wrote to its log, on one line."""
        self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, self._log.tell() - 4096))
        text = self._log.read().decode(errors="replace")
        return " | ".join([line.strip() for line in text.splitlines() if line.strip()][-lines:])

    def stop(self, grace_s: float = 3.0) -> None:
        """End the whole group: SIGTERM, then SIGKILL after the grace."""
        self._signal_group(signal.SIGTERM)
        try:
            self._child.wait(grace_s)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._signal_group(signal.SIGKILL)  # also reaches children that outlived their leader
            self._child.wait()
            self._log.close()

    def _signal_group(self, number: int) -> None:
        try:
            os.killpg(self._child.pid, number)
        except (ProcessLookupError, PermissionError):
            return  # the group is gone


class PipedProcess(ManagedProcess):
    """A child process that is spoken to by text pipes."""

    def __init__(self, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], name: str) -> None:
        def piped(command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], log: IO[bytes]) -> Child:
            self._popen = launched(
                command, cwd=cwd, environment=environment, log=log, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            return self._popen

        super().__init__(command, cwd=cwd, environment=environment, name=name, launch=piped)

    @property
    def stdin(self) -> IO[str]:
        """Text pipe to the process."""
        assert self._popen.stdin is not None
        return self._popen.stdin

    @property
    def stdout(self) -> IO[str]:
        """Text pipe from the process."""
        assert self._popen.stdout is not None
        return self._popen.stdout

    def stop(self, grace_s: float = 3.0) -> None:
        """End the whole group, and close the pipes."""
        super().stop(grace_s)
        for pipe in (self.stdin, self.stdout):
            _close(pipe)


def _close(pipe: IO[str]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return  # the reader is gone: nothing to flush to
