"""What must be known of the machine beside a figure (after pyperf's metadata)."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

import psutil

PACKAGES = ("locust", "httpx", "scipy", "numpy")


def describe_environment() -> dict[str, str]:
    """Names and values that a reader of the figures needs; no name of a host or user."""
    return {
        "cpu": _cpu_model(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "tradeoff": metadata.version("tradeoff"),
        **{name: metadata.version(name) for name in PACKAGES},
        "load average": f"{os.getloadavg()[0]:.2f}",
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()
