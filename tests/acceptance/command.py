"""The command, as a series calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RUNS = ROOT / "runs"

Try = dict[str, Any]


def tradeoff(*words: str) -> tuple[int, Try]:
    """Exit code and JSON of the command."""
    done = subprocess.run(
        [sys.executable, "-m", "tradeoff", *words, "--json"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if not done.stdout:
        raise SystemExit(f"the try could not be made: {done.stderr.strip()}")
    return done.returncode, json.loads(done.stdout)
