"""`serve`, watched from within: `python -m benchmarks.profiled FILE serve …` counts where its CPU time goes.

Every 2 ms of CPU that the process uses, the kernel interrupts it, and the innermost function that belongs to a part is
counted for that part; what C code does counts for the Python function that called it. SIGUSR1 writes the counts since
the last one to FILE, as JSON.
"""

import json
import signal
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from types import FrameType

INTERVAL_S = 0.002
#: Parts by what a file's path holds; the first that fits counts. A file that fits nowhere counts for its caller.
PARTS = (
    ("/target_app/controls/", "control"),
    ("/target_app/tuning/", "control"),
    ("/sqlalchemy/", "ORM (SQLAlchemy)"),
    ("/target_app/sqlite.py", "database driver"),
    ("/target_app/postgres", "database driver"),
    ("/target_app/prepared.py", "database driver"),
    ("/asyncpg/", "database driver"),
    ("/pydantic", "validation"),
    ("/target_app/web/reading.py", "validation"),
    ("/target_app/web/answers.py", "encoding"),
    ("/rows.py", "encoding"),
    ("/prometheus_client/", "metrics"),
    ("/target_app/metrics.py", "metrics"),
    ("/target_app/web/request_metrics.py", "metrics"),
    ("/aiohttp/", "provider call"),
    ("/target_app/payments/", "provider call"),
    ("/target_app/web/", "routing"),
    ("/target_app/unit_of_work.py", "routing"),
    ("/fastapi/", "routing"),
    ("/starlette/", "routing"),
    ("/target_app/", "services"),
    ("/uvicorn/", "server"),
)
OUTSIDE = "server"
COUNTS: Counter[str] = Counter()


@cache
def part_of(path: str) -> str | None:
    """The part that a file belongs to; None for a library that works for whoever calls it."""
    for within, part in PARTS:
        if within in path:
            return f"{part} {Path(path).stem}" if part == "control" else part
    return None


def sample(_number: int, frame: FrameType | None) -> None:
    """Count where the process is."""
    while frame is not None:
        part = part_of(frame.f_code.co_filename)
        if part is not None:
            COUNTS[part] += 1
            return
        frame = frame.f_back
    COUNTS[OUTSIDE] += 1


def report(file: str) -> None:
    """Write the counts, whole or not at all, and begin again."""
    unfinished = Path(f"{file}.part")
    unfinished.write_text(json.dumps(COUNTS), encoding="utf-8")
    COUNTS.clear()
    unfinished.replace(file)


def main() -> None:
    """Serve as `python -m target_app` would with the arguments that follow FILE."""
    file = sys.argv.pop(1)
    signal.signal(signal.SIGPROF, sample)
    signal.signal(signal.SIGUSR1, lambda _number, _frame: report(file))
    signal.setitimer(signal.ITIMER_PROF, INTERVAL_S, INTERVAL_S)
    from target_app.__main__ import main as run

    run()


if __name__ == "__main__":
    main()
