"""Runs a scanner as a process of its own, through the interpreter that runs this: no other copy is picked up."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from security.scan.findings import ScannerError

TIMEOUT_S = 300.0


def run_scanner(package: str, words: Sequence[str], root: Path) -> Any:
    """Run `python -m PACKAGE WORDS…` in `root` and return the JSON that it prints.

    Exit code 1 means "something was found" for both scanners; anything else but 0 is an error.
    """
    if importlib.util.find_spec(package) is None:
        raise ScannerError(f"The scanner {package} is not installed: run `make setup`, or pip install {package}.")
    try:
        done = subprocess.run(
            [sys.executable, "-m", package, *words],
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ScannerError(f"The scanner {package} took more than {TIMEOUT_S:.0f} s: scan fewer paths.") from error
    if done.returncode not in (0, 1):
        last = (done.stderr.strip().splitlines() or ["it printed no message"])[-1]
        raise ScannerError(f"The scanner {package} ended with {done.returncode}: {last}")
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        last = (done.stderr.strip().splitlines() or ["nothing at all"])[-1]
        raise ScannerError(f"The scanner {package} printed no JSON but: {last}") from error


def version_of(package: str) -> str:
    """The installed version of a scanner."""
    return importlib.metadata.version(package)
