"""Where benchmarks print: as wide as the terminal, and wide enough for every table where there is none."""

import sys

from rich.console import Console

WIDTH = 220


def console() -> Console:
    """The console of one benchmark."""
    return Console(width=None if sys.stdout.isatty() else WIDTH)
