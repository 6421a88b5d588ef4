"""Processes that serve HTTP on loopback: where they can listen, and whether they answer yet."""

from __future__ import annotations

import http.client
import random
import re
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

from security.redact import redact_text
from tradeoff.target.description import Ready
from tradeoff.target.errors import TradeoffError
from tradeoff.target.process import ManagedProcess

READY_POLL_S = 0.03


def free_port(host: str) -> int:
    """A port that is free on this address now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def loopback_place() -> tuple[str, int]:
    """A random address in 127.16/12 and a port free on it."""
    host = f"127.{random.randint(16, 31)}.{random.randint(0, 255)}.{random.randint(2, 254)}"
    return host, free_port(host)


def answers(host: str, port: int, path: str, ca_file: Path | None = None) -> bool:
    """Whether a GET of the path is answered 200; over TLS, where a file of certificates to trust is named."""
    return body_of(host, port, path, ca_file) is not None


def body_of(host: str, port: int, path: str, ca_file: Path | None = None) -> bytes | None:
    """What a GET of the path is answered with status 200, or None."""
    if ca_file is not None and not ca_file.exists():
        return None
    connection = connection_to(host, port, ca_file)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read() if answer.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def connection_to(host: str, port: int, ca_file: Path | None) -> http.client.HTTPConnection:
    """A connection that is made at the first request."""
    if ca_file is None:
        return http.client.HTTPConnection(host, port, timeout=2.0)
    return http.client.HTTPSConnection(host, port, timeout=2.0, context=ssl.create_default_context(cafile=ca_file))


def wait_ready(
    process: ManagedProcess, host: str, port: int, path: str, timeout_s: float, ca_file: Path | None = None
) -> None:
    """Wait until the process answers.

    Raises:
        TradeoffError: it ended, or did not answer in time.
    """
    if not _comes_true(lambda: answers(host, port, path, ca_file), process, timeout_s):
        raise TradeoffError(f"{process.name} did not answer {path} within {timeout_s:.0f} s{said(process)}")


def wait_workers(
    process: ManagedProcess, host: str, port: int, ready: Ready, workers: int, ca_file: Path | None = None
) -> None:
    """Wait until so many workers serve, where the target has a gauge that tells.

    Raises:
        TradeoffError: it ended, or the workers did not all come in time.
    """
    gauge = re.compile(rb"^%b (\d+)" % re.escape(ready.workers).encode(), re.MULTILINE)

    def all_serve() -> bool:
        found = gauge.search(body_of(host, port, ready.metrics, ca_file) or b"")
        return found is not None and int(found[1]) >= workers

    if ready.workers and workers > 1 and not _comes_true(all_serve, process, ready.timeout_s):
        raise TradeoffError(f"not all {workers} workers of {process.name} served within {ready.timeout_s:.0f} s")


def _comes_true(look: Callable[[], bool], process: ManagedProcess, timeout_s: float) -> bool:
    """Whether it does, before the time is over; raises TradeoffError where the process ends."""
    deadline = time.monotonic() + timeout_s
    while not look():
        check_alive(process)
        if time.monotonic() > deadline:
            return False
        time.sleep(READY_POLL_S)
    return True


def check_alive(process: ManagedProcess) -> None:
    """Raise TradeoffError if the process has ended."""
    code = process.ended()
    if code is not None:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        raise TradeoffError(f"{process.name} {how}{said(process)}")


def said(process: ManagedProcess) -> str:
    """The end of what the process logged, as the end of a sentence."""
    words = redact_text(process.last_words())
    return f"; its last words: {words}" if words else ""
