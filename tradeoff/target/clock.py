"""CPU clocks of processes, in nanoseconds, by the kernel's per-process clock (clock_getcpuclockid(3))."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

CPUCLOCK_SCHED = 2


def cpu_ns(pid: int) -> int:
    """CPU time of all threads of a process since its start, in ns.

    Raises:
        ProcessLookupError: there is no such process.
    """
    try:
        return time.clock_gettime_ns((~pid << 3) | CPUCLOCK_SCHED)
    except OSError as error:
        raise ProcessLookupError(f"process {pid} has ended") from error


def total_cpu_ns(pids: Iterable[int]) -> int:
    """Sum of the CPU clocks of several processes, in ns."""
    return sum(cpu_ns(pid) for pid in pids)


def busy_ns(cores: Iterable[int]) -> int:
    """Time for which these cores together have not been idle since the machine's start, in ns, to 10 ms."""
    times = psutil.cpu_times(percpu=True)
    return round(sum(sum(times[core][:8]) - times[core].idle - times[core].iowait for core in cores) * 1e9)


def process_tree(pid: int) -> tuple[int, ...]:
    """The process and all that descend from it, in order of their numbers.

    Raises:
        ProcessLookupError: there is no such process.
    """
    try:
        children = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess as error:
        raise ProcessLookupError(f"process {pid} has ended") from error
    return tuple(sorted([pid, *(child.pid for child in children)]))


def pin(pids: Iterable[int], cores: set[int]) -> None:
    """Bind every thread of the processes to the cores; threads made later inherit it."""
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            try:
                os.sched_setaffinity(int(task.name), cores)
            except ProcessLookupError:
                continue  # the thread ended between listing and pinning
