"""The `tradeoff` command: every command in one place, and how each ends.

Exit codes: 0 good, 1 the judgement failed, 2 could not judge, 3 inconclusive, 130 interrupted.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from functools import wraps
from types import FrameType
from typing import Any, NoReturn

import typer

from tradeoff.cli import capacity, doctor, duet, listing, probe, report, run, scale, scan, serve
from tradeoff.target.errors import Interrupted, TradeoffError

app = typer.Typer(
    name="tradeoff",
    help="Measure what each security control costs, what it stops, and which optimisation opens a hole.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
COMMANDS: dict[str, Callable[..., int]] = {
    "run": run.run,
    "serve": serve.serve,
    "duet": duet.duet,
    "capacity": capacity.capacity,
    "probe": probe.probe,
    "scale": scale.scale,
    "scan": scan.scan,
    "report": report.report,
    "resume": run.resume,
    "list": listing.show,
    "doctor": doctor.doctor,
}


def _exiting(command: Callable[..., int]) -> Callable[..., None]:
    """A command's number becomes the exit code."""

    @wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> None:
        raise typer.Exit(command(*arguments, **options))

    return wrapped


for _name, _command in COMMANDS.items():
    app.command(_name)(_exiting(_command))


def main() -> NoReturn:
    """Run the command and exit with its code; no traceback reaches the user for what a user can mend."""
    _handle_signals()
    try:
        app()
    except TradeoffError as error:
        _end(str(error), error.code)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output is gone: nothing is left to say
        sys.exit(2)
    except OSError as error:
        _end(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", 2)
    sys.exit(0)


def _end(sentence: str, code: int) -> NoReturn:
    sys.stderr.write(f"tradeoff: {sentence}\n")
    sys.exit(code)


def _handle_signals() -> None:
    """SIGINT and SIGTERM end the work in order, also where the parent had them ignored."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, signal.SIG_IGN)  # a second one must not cut the cleaning up short
        raise Interrupted(f"interrupted by {signal.Signals(number).name}; `tradeoff resume` finishes a run")

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
