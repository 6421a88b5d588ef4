"""Duets, many times over."""

from __future__ import annotations

import os
import subprocess

from tests.acceptance.command import ROOT, RUNS, Try, tradeoff

SECONDS = "60"
SLOWED_JOURNEY = "signed_in_reader"
SLOWED_FILE = "target_app/articles/endpoints.py"
SLOWED_LINE = "async def feed(visit: SignedIn) -> Response:\n"
STEPS = 8
"""Requests of the slowed journey, one of which is the slowed route: it is slowed by 5 % of the whole journey."""


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
