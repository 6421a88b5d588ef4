"""Runs of Locust with the load engine against a server of known behaviour."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.parts.loopback import free_port
from tests.parts.target import ROOT

LOCUSTFILE = Path(__file__).with_name("getter_locustfile.py")


@dataclass
class Known:
    """The server; `requests` is known when it has ended."""

    url: str
    process: subprocess.Popen[str]
    requests: int = 0


@contextmanager
def known_server(*arguments: str) -> Iterator[Known]:
    """A server of known behaviour, to the end of the block; then it has said how many requests came."""
    child = subprocess.Popen(
        [sys.executable, "-m", "loadtests.known_server", *arguments],
        cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    with child:
        try:
            known = Known(f"http://127.0.0.1:{json.loads(child.stdout.readline())['port']}", child)
            yield known
            assert child.stdin is not None
            child.stdin.close()
            known.requests = json.loads(child.stdout.readline())["requests"]
        finally:
            child.kill()


def locust(*arguments: str, locustfile: Path = LOCUSTFILE) -> subprocess.Popen[str]:
    """Locust in the background, both outputs in one."""
    return subprocess.Popen(
        [sys.executable, "-m", "locust", "-f", str(locustfile), "--only-summary", *arguments],
        cwd=ROOT, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def ended(child: subprocess.Popen[str], within_s: float = 60) -> tuple[int, str]:
    """Its exit status and all that it printed."""
    with child:
        try:
            output, _ = child.communicate(timeout=within_s)
        finally:
            child.kill()
    return child.returncode, output


def summary(path: Path) -> dict[str, Any]:
    """What `--summary` wrote."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


@dataclass
class Cluster:
    """A master and its workers."""

    master: subprocess.Popen[str]
    workers: list[subprocess.Popen[str]]


@contextmanager
def cluster(workers: int, *arguments: str) -> Iterator[Cluster]:
    """A master with so many workers, all on this machine, to the end of the block."""
    port = str(free_port("127.0.0.1"))
    joined = ("--worker", "--master-host", "127.0.0.1", "--master-port", port)
    started = [locust(*joined) for _ in range(workers)]
    master = locust(
        "--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port,
        "--expect-workers", str(workers), "--headless", *arguments,
    )  # fmt: skip
    try:
        yield Cluster(master, started)
    finally:
        for child in (master, *started):
            child.kill()
            child.communicate()
