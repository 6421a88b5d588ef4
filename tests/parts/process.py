"""A child process that always ends: with the test, or with the test runner."""

import os
import shutil
import signal
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import psutil


class PartFailedError(RuntimeError):
    """A real part could not be started, or ended by itself; the message carries the end of its log."""


class Running(Protocol):
    """A process that leads a group of its own."""

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """Exit code, or None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Exit code, once it ends. Raises subprocess.TimeoutExpired."""


def with_parent(signal_name: str) -> list[str]:
    """A command prefix that ends the child when the test runner dies without any clean-up (timeout, kill)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", signal_name] if setpriv else []


def ended_group(process: Running, *, stop: signal.Signals = signal.SIGTERM, patience_s: float = 10.0) -> None:
    """Asks the process to stop, then kills whatever is left of its group."""
    if process.poll() is None:
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):  # it may be ending just now
            os.kill(process.pid, stop)
            process.wait(patience_s)
    with suppress(ProcessLookupError):  # the usual case: the group is empty
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def running(
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: str | None = None,
    stop: signal.Signals = signal.SIGTERM,
    patience_s: float = 10.0,
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a command in a process group of its own, its output going to `log`; ends the group on the way out."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        ended_group(process, stop=stop, patience_s=patience_s)


def wait_until(ready: Callable[[], bool], *, process: Running, log: Path, what: str, timeout_s: float = 60.0) -> None:
    """Returns once `ready` holds; raises `PartFailedError` when the process ends first or the time is up."""
    deadline = time.monotonic() + timeout_s
    while not ready():
        ended = process.poll()
        if ended is not None or time.monotonic() > deadline:
            state = f"ended with {ended}" if ended is not None else f"was not ready within {timeout_s:.0f} s"
            tail = log.read_text(errors="replace")[-4000:]
            raise PartFailedError(f"{what} {state}; its log ends:\n{tail}")
        time.sleep(0.02)


def answers(url: str, ca_file: Path | None = None) -> bool:
    """Whether a GET of the URL is answered with a status below 400; an https one by who has that certificate."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=5.0)
    if ca_file is not None:
        if not ca_file.exists():
            return False
        context = ssl.create_default_context(cafile=ca_file)
        connection = HTTPSConnection(parts.hostname or "", parts.port, timeout=5.0, context=context)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status < 400
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def wait_gone(pid: int, seconds: float = 5.0) -> bool:
    """Whether a process ends (a zombie counts as ended) within the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False
