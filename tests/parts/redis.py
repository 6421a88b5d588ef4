"""A Redis of the tests' own, on a random loopback address, that keeps nothing on disk."""

import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.parts.loopback import free_port, random_address
from tests.parts.process import running, wait_until, with_parent
from tests.parts.require import require


def redis_command(host: str, port: int) -> list[str]:
    """What starts a Redis there; it ends with the test runner."""
    return [
        *with_parent("KILL"), str(require("redis")),
        "--bind", host, "--port", str(port), "--save", "", "--appendonly", "no", "--protected-mode", "no",
    ]  # fmt: skip


def redis_answers(host: str, port: int) -> bool:
    """Whether a Redis there answers PING."""
    try:
        with socket.create_connection((host, port), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


@contextmanager
def redis_at(host: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """An empty Redis there as long as the block; skips or fails the test where Redis is missing."""
    command = redis_command(host, port)
    with tempfile.TemporaryDirectory(prefix="redis-") as name:
        folder = Path(name)
        log = folder / "log"
        with running(command, log=log, cwd=folder) as process:
            wait_until(lambda: redis_answers(host, port), process=process, log=log, what="Redis")
            yield process


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of an empty Redis that lives as long as the block."""
    host = random_address()
    port = free_port(host)
    with redis_at(host, port):
        yield f"redis://{host}:{port}/0"
