"""Processes that serve HTTP on loopback: where they can listen, and whether they answer yet."""

from __future__ import annotations

import http.client
import random
import socket
import ssl
import time
from pathlib import Path

from security.redact import redact_text
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
    if ca_file is not None and not ca_file.exists():
        return False
    connection = connection_to(host, port, ca_file)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
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
    deadline = time.monotonic() + timeout_s
    while not answers(host, port, path, ca_file):
        check_alive(process)
        if time.monotonic() > deadline:
            raise TradeoffError(f"{process.name} did not answer {path} within {timeout_s:.0f} s{said(process)}")
        time.sleep(READY_POLL_S)


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
