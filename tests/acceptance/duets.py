"""Duets and probe suites, many times over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RUNS = ROOT / "runs"
SECONDS = "60"
SLOWED_JOURNEY = "signed_in_reader"
SLOWED_FILE = "target_app/articles/endpoints.py"
SLOWED_LINE = "async def feed(visit: SignedIn) -> Response:\n"
STEPS = 8
"""Requests of the slowed journey, one of which is the slowed route: it is slowed by 5 % of the whole journey."""

Try = dict[str, Any]


def tradeoff(*words: str) -> tuple[int, Try]:
    """Exit code and JSON of the command."""
    done = subprocess.run(
        [sys.executable, "-m", "tradeoff", *words, "--json"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if not done.stdout:
        raise SystemExit(f"the try could not be made: {done.stderr.strip()}")
    return done.returncode, json.loads(done.stdout)


def a_a(_number: int) -> Try:
    """One duet of two identical builds."""
    _, result = tradeoff("duet", "hardened", "hardened", "--seconds", SECONDS)
    return {"valid": result["valid"], "epochs": result["epochs"], **_only_arm(result)}


def judge_a_a(tries: list[Try]) -> tuple[bool, str]:
    """The interval covers no difference in at least 17 of 20, and no half-width is above 1.5 %."""
    covered = sum(one["low"] <= 1 <= one["high"] for one in tries)
    widest = max((one["high"] - one["low"]) / 2 for one in tries)
    good = covered >= 0.85 * len(tries) and widest <= 0.015 and all(one["valid"] for one in tries)
    return good, f"{covered} of {len(tries)} intervals cover 1; widest half-width {widest:.2%}"


def slowdown(_number: int) -> Try:
    """One duet against a build whose feed burns 5 % of the signed-in reader's CPU."""
    result = tradeoff("duet", "hardened", f"hardened@{_slow_commit()}", "--seconds", SECONDS)[1]
    return {"valid": result["valid"], "epochs": result["epochs"], **_only_arm(result)}


def judge_slowdown(tries: list[Try]) -> tuple[bool, str]:
    """Seen on its journey in 9 of 10; on the others, at joint intervals, at most twice in all."""
    seen = sum(one["journeys"][SLOWED_JOURNEY]["low"] > 0 for one in tries)
    false = sum(
        not part["low"] <= 0 <= part["high"]
        for one in tries
        for name, part in one["journeys"].items()
        if name != SLOWED_JOURNEY
    )
    told = f"seen on {SLOWED_JOURNEY} in {seen} of {len(tries)}; on other journeys {false} times in all"
    return seen >= 0.9 * len(tries) and false <= 2, told


def probes(_number: int) -> Try:
    """One suite of probes against hardened."""
    _, result = tradeoff("probe", "hardened")
    return {"outcomes": {one["probe"]: one["result"] for one in result["outcomes"]}, "seconds": result["seconds"]}


def judge_probes(tries: list[Try]) -> tuple[bool, str]:
    """Every probe is stopped in every try; one without an aim is named."""
    results = [(name, result) for one in tries for name, result in one["outcomes"].items()]
    through = sorted({name for name, result in results if result not in ("stopped", "not_applicable")})
    aimless = sorted({name for name, result in results if result == "not_applicable"})
    return not through, f"{len(tries)} suites; not stopped: {through or 'none'}; without an aim: {aimless or 'none'}"


def probes_under_load(_number: int) -> Try:
    """One suite of probes against hardened while half as much again as its capacity is asked of it."""
    _, result = tradeoff("probe", "hardened", "--load", "150")
    outcomes = {one["probe"]: one["result"] for one in result["outcomes"]}
    return {"outcomes": outcomes, "seconds": result["seconds"], "load": result["load"]}


def judge_probes_under_load(tries: list[Try]) -> tuple[bool, str]:
    """Nothing succeeds in any try, the arm was overloaded in each, and most probes decide all the same."""
    results = [
        (name, result) for one in tries for name, result in one["outcomes"].items() if result != "not_applicable"
    ]
    through = sorted({name for name, result in results if result == "succeeded"})
    unsure = Counter(name for name, result in results if result == "could_not_run")
    dropped = min(one["load"]["dropped_share"] for one in tries)
    decided = 1 - unsure.total() / len(results)
    told = (
        f"{len(tries)} suites at 150 % load; succeeded: {through or 'none'}; {decided:.1%} decided, "
        f"could not tell: {dict(unsure)}; at least {dropped:.0%} of visits given up"
    )
    return not through and decided >= 0.85 and dropped > 0, told


def _only_arm(result: Try) -> Try:
    found: Try = result["arms"][0]["cpu_per_request"]
    return found


def _slow_commit() -> str:
    """A commit beside HEAD whose feed burns CPU; no branch or file of the working tree is touched."""
    file = ROOT / "runs" / "accept-slowdown-burn.txt"
    if not file.exists():
        reference_us = a_a(0)["journeys"][SLOWED_JOURNEY]["reference_us"]
        file.write_text(f"{0.05 * reference_us * STEPS / 1e6:.7f}", encoding="utf-8")
    burn = f"    import time\n    end = time.thread_time() + {file.read_text(encoding='utf-8')}\n"
    burn += "    while time.thread_time() < end:\n        pass\n"
    source = _git("show", f"HEAD:{SLOWED_FILE}")
    if source.count(SLOWED_LINE) != 1:
        raise SystemExit(f"{SLOWED_FILE} has no line to slow: {SLOWED_LINE.strip()}")
    blob = _git("hash-object", "-w", "--stdin", given=source.replace(SLOWED_LINE, SLOWED_LINE + burn))
    return _commit_with(blob.strip())


def _commit_with(blob: str) -> str:
    """HEAD with one file replaced, made in an index of its own."""
    index = {"GIT_INDEX_FILE": str(RUNS / "accept-index")}
    _git("read-tree", "HEAD", environment=index)
    _git("update-index", "--cacheinfo", f"100644,{blob},{SLOWED_FILE}", environment=index)
    tree = _git("write-tree", environment=index).strip()
    names = {f"GIT_{who}_{what}": "accept" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    dates = {f"GIT_{who}_DATE": "2000-01-01T00:00:00Z" for who in ("AUTHOR", "COMMITTER")}
    return _git("commit-tree", tree, "-p", "HEAD", "-m", "a slower feed", environment=names | dates).strip()


def _git(*words: str, given: str | None = None, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        ["git", *words],
        cwd=ROOT,
        input=given,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **(environment or {})},
    )
    return done.stdout
