"""Filling in and running the short commands of target.toml (describe, migrate, seed, lab)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from security.probe.target import run_here
from security.redact import redact_text
from tradeoff.target.errors import TradeoffError

COMMAND_TIMEOUT_S = 120.0


def fill(words: Sequence[str], values: Mapping[str, object], *, keep: Sequence[str] = ()) -> list[str]:
    """Put values into `{name}` places; names in `keep` stay as they are for a later filling.

    Raises:
        TradeoffError: a place has no value.
    """
    known = {"python": sys.executable, **{name: f"{{{name}}}" for name in keep}, **values}
    try:
        return [word.format(**known) for word in words]
    except (KeyError, IndexError, ValueError) as error:
        raise TradeoffError(f"target.toml: the command {list(words)} has an unknown place: {error}") from None


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Our environment with the arm's values: paths and locale pass, settings of other arms don't."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TARGET_")}
    return {**inherited, "PYTHONUNBUFFERED": "1", **extra}


class Run(Protocol):
    """Runs a command in a tree to its end, as subprocess.run does."""

    def __call__(
        self, command: Sequence[str], /, *, tree: Path, environment: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run it for `timeout` seconds at most."""


def run_started(
    command: Sequence[str], /, *, tree: Path, environment: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Start the command as a process."""
    return run_here(command, timeout=timeout, environment=environment, folder=tree)


def run_command(words: Sequence[str], *, cwd: Path, extra: Mapping[str, str], what: str, run: Run = run_started) -> str:
    """Run one short command to its end and give back what it printed.

    Raises:
        TradeoffError: it can't be started, fails, or takes more than two minutes.
    """
    try:
        done = run(list(words), tree=cwd, environment=environment(extra), timeout=COMMAND_TIMEOUT_S)
    except OSError as error:
        raise TradeoffError(f"{what} can't be run: {words[0]}: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise TradeoffError(f"{what} took more than {COMMAND_TIMEOUT_S:.0f} s and was ended") from None
    if done.returncode in (-signal.SIGINT, -signal.SIGTERM):
        raise TradeoffError(f"{what} was ended by a signal")
    if done.returncode != 0:
        words_said = [line.strip() for line in done.stderr.splitlines() if line.strip()][-2:]
        raise TradeoffError(f"{what} failed with exit code {done.returncode}: {redact_text(' | '.join(words_said))}")
    return done.stdout
