"""Processes that serve HTTP on loopback: where they can listen, and whether they answer yet."""

from __future__ import annotations

import http.client
import random
import socket
import time

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


def answers(host: str, port: int, path: str) -> bool:
    """Whether a GET of the path is answered 200."""
    connection = http.client.HTTPConnection(host, port, timeout=2.0)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_ready(process: ManagedProcess, host: str, port: int, path: str, timeout_s: float) -> None:
    """Wait until the process answers.

    Raises:
        TradeoffError: it ended, or did not answer in time.
    """
    deadline = time.monotonic() + timeout_s
    while not answers(host, port, path):
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
