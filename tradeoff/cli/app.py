"""The `tradeoff` command: every command in one place, and how each ends.

Exit codes: 0 good, 1 the judgement failed, 2 could not judge, 3 inconclusive, 130 interrupted.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import NoReturn

import typer
from click.exceptions import ClickException

from tradeoff.cli import doctor, duet, listing, probe, report, run, scan, serve
from tradeoff.target.errors import Interrupted, TradeoffError

app = typer.Typer(
    name="tradeoff",
    help="Measure what each security control costs, what it stops, and which optimisation opens a hole.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("serve")(serve.serve)
app.command("duet")(duet.duet)
app.command("probe")(probe.probe)
app.command("scan")(scan.scan)
app.command("report")(report.report)
app.command("resume")(run.resume)
app.command("list")(listing.show)
app.command("doctor")(doctor.doctor)


def main() -> NoReturn:
    """Run the command and exit with its code; no traceback reaches the user for what a user can mend."""
    _handle_signals()
    try:
        code = app(standalone_mode=False)
    except TradeoffError as error:
        _end(str(error), error.code)
    except ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, typer.Abort):
        _end("interrupted", Interrupted.code)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output is gone: nothing is left to say
        sys.exit(2)
    except OSError as error:
        _end(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", 2)
    sys.exit(code if isinstance(code, int) else 0)


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
