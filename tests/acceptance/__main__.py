"""Series that take longer than a test suite may: `make accept-aa`, `accept-slowdown`, `accept-probes`,
`accept-probes-under-load`, `accept-matrix`, `accept-fuzz`, `accept-kills`.

Each try is one line of JSON in `runs/accept-<name>.jsonl`, written when it is done: an interrupted series goes on
where it stopped. Every series ends with its tally and exits 1 where the tally falls short.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from tests.acceptance.attacks import (
    judge_matrix,
    judge_probes,
    judge_probes_under_load,
    levels,
    matrix,
    probes,
    probes_under_load,
)
from tests.acceptance.bodies import judge_odd_bodies, odd_bodies
from tests.acceptance.command import RUNS, Try
from tests.acceptance.duets import a_a, judge_a_a, judge_slowdown, slowdown
from tests.acceptance.kill.rounds import judge_kills, kills

SERIES: dict[str, tuple[int, Callable[[int], Try], Callable[[list[Try]], tuple[bool, str]]]] = {
    "aa": (20, a_a, judge_a_a),
    "slowdown": (10, slowdown, judge_slowdown),
    "probes": (20, probes, judge_probes),
    "probes-under-load": (20, probes_under_load, judge_probes_under_load),
    "matrix": (len(levels()), matrix, judge_matrix),
    "kills": (12, kills, judge_kills),
    "fuzz": (10, odd_bodies, judge_odd_bodies),
}


def main() -> None:
    """Make the tries that are missing, then the tally."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("series", choices=SERIES)
    parser.add_argument("--tries", type=int, help="fewer or more than the series has by itself")
    arguments = parser.parse_args()
    usual, make, judge = SERIES[arguments.series]
    RUNS.mkdir(exist_ok=True)
    file = RUNS / f"accept-{arguments.series}.jsonl"
    tries = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
    for number in range(len(tries), arguments.tries or usual):
        tries.append(make(number))
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(tries[-1]) + "\n")
        print(f"try {number + 1}: {judge(tries)[1]}", flush=True)
    good, told = judge(tries)
    print(f"{'holds' if good else 'falls short'}: {told}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
