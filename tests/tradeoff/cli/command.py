"""Running the real command as a user does, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tradeoff.record.events import AnyEvent
from tradeoff.record.folder import read_events, run_folders

ROOT = Path(__file__).resolve().parents[3]
TOY = ROOT / "tests" / "tradeoff" / "toy" / "target.toml"
PATIENCE_S = 60.0


def tradeoff(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "tradeoff", *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )


@contextmanager
def running(*words: str | Path) -> Iterator[subprocess.Popen[str]]:
    """The command while it runs; ended with the block at the latest."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tradeoff", *map(str, words)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "120"},
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_for_event(out: Path, wanted: Callable[[AnyEvent], bool]) -> AnyEvent:
    """The first event of the only run below `out` that is wanted."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for folder in run_folders(out):
            for event in read_events(folder):
                if wanted(event):
                    return event
        time.sleep(0.05)
    raise AssertionError(f"no such event within {PATIENCE_S:.0f} s")


def children(pid: int) -> list[psutil.Process]:
    """All processes that descend from one."""
    return psutil.Process(pid).children(recursive=True)


def all_gone(processes: list[psutil.Process], seconds: float = 5.0) -> bool:
    """Whether all of them end within the time."""
    return not psutil.wait_procs(processes, timeout=seconds)[1]
