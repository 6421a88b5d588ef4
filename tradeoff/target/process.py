"""Processes that end with us: each leads a session of its own and is killed by the kernel should we die."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from tradeoff.target.errors import TradeoffError

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    """Runs in the child before exec: a killed parent takes it along, and ignored signals act again."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


class ManagedProcess:
    """A child process with its whole group: started, watched, and stopped without leaving an orphan."""

    def __init__(
        self, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], name: str, pipes: bool = False
    ) -> None:
        self.name = name
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        try:
            self._popen: subprocess.Popen[str] = subprocess.Popen(
                list(command),
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else self._log,
                stderr=self._log,
                text=True,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - prctl and signal only: safe after fork
            )
        except OSError as error:
            self._log.close()
            raise TradeoffError(f"{name} can't be started: {command[0]}: {error.strerror}") from None

    @property
    def pid(self) -> int:
        """Number of the leading process."""
        return self._popen.pid

    @property
    def stdin(self) -> IO[str]:
        """Text pipe to the process (only with `pipes`)."""
        assert self._popen.stdin is not None
        return self._popen.stdin

    @property
    def stdout(self) -> IO[str]:
        """Text pipe from the process (only with `pipes`)."""
        assert self._popen.stdout is not None
        return self._popen.stdout

    def ended(self) -> int | None:
        """Exit code, or None while it runs."""
        return self._popen.poll()

    def wait(self, seconds: float) -> int | None:
        """Exit code once it ends, or None if it still runs after so long."""
        try:
            return self._popen.wait(seconds)
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
            self._popen.wait(grace_s)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._signal_group(signal.SIGKILL)  # also reaches children that outlived their leader
            self._popen.wait()
            for pipe in (self._popen.stdin, self._popen.stdout):
                if pipe is not None:
                    _close(pipe)
            self._log.close()

    def _signal_group(self, number: int) -> None:
        try:
            os.killpg(self._popen.pid, number)
        except (ProcessLookupError, PermissionError):
            return  # the group is gone


def _close(pipe: IO[str]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return  # the reader is gone: nothing to flush to
