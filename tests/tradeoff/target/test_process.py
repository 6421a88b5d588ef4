"""Processes are measured to the nanosecond and leave no orphan."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.parts.process import wait_gone
from tradeoff.target.clock import cpu_ns, process_tree, total_cpu_ns
from tradeoff.target.errors import TradeoffError
from tradeoff.target.process import ManagedProcess, PipedProcess

SPAWNS_A_CHILD = (
    "import subprocess, sys, time; "
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
    "print(child.pid, flush=True); time.sleep(60)"
)


def test_the_cpu_clock_agrees_with_the_process_itself() -> None:
    """What we read from outside is what the process used, within what it used meanwhile."""
    before = time.process_time_ns()
    read = cpu_ns(os.getpid())
    after = time.process_time_ns()
    assert before <= read <= after


def test_the_clock_of_a_process_that_is_gone_says_so() -> None:
    """No figure is made up for it."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with pytest.raises(ProcessLookupError):
        cpu_ns(process.pid)


def test_stop_ends_the_whole_group(tmp_path: Path) -> None:
    """A worker that the process started ends with it."""
    process = PipedProcess([sys.executable, "-c", SPAWNS_A_CHILD], cwd=tmp_path, environment=os.environ, name="it")
    child = int(process.stdout.readline())
    assert process_tree(process.pid) == tuple(sorted((process.pid, child)))
    assert total_cpu_ns(process_tree(process.pid)) > 0
    process.stop()
    assert wait_gone(process.pid)
    assert wait_gone(child)


def test_a_killed_parent_takes_its_processes_along(tmp_path: Path) -> None:
    """Even SIGKILL to tradeoff leaves no orphan: the kernel tells the child."""
    parent = (
        "import os, sys, time; from pathlib import Path; from tradeoff.target.process import ManagedProcess; "
        "p = ManagedProcess([sys.executable, '-c', 'import time; time.sleep(60)'], "
        "cwd=Path('.'), environment=os.environ, name='it'); print(p.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        child = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert wait_gone(child)


def test_a_missing_program_is_a_plain_sentence(tmp_path: Path) -> None:
    """No traceback for a command that is not there."""
    with pytest.raises(TradeoffError, match="can't be started: no-such-program"):
        ManagedProcess(["no-such-program"], cwd=tmp_path, environment=os.environ, name="it")
