"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

TargetOption = Annotated[Path, typer.Option("--target", help="Description of the backend.")]
OutOption = Annotated[Path, typer.Option("--out", help="Folder for run folders.")]
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="A run's folder, name, part of it, or `latest`.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

DEFAULT_TARGET = Path("target.toml")
DEFAULT_OUT = Path("runs")

EXIT_CODES = {"pass": 0, "fail": 1, "invalid": 2, "inconclusive": 3}
