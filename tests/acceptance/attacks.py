"""Suites of probes: many times over, under load, and against every level."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

from target_app.treatment import description
from tests.acceptance.command import Try, tradeoff


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


@cache
def levels() -> dict[str, dict[str, Any]]:
    """What the target says of each level, as `factor=level`."""
    return {f"{factor['name']}={one['name']}": one for factor in description()["factors"] for one in factor["levels"]}


def matrix(number: int) -> Try:
    """All probes against one level; the tries go through the levels in their order."""
    setting, level = list(levels().items())[number]
    result = tradeoff("probe", f"hardened,{setting}")[1]
    outcomes = {one["probe"]: one["result"] for one in result["outcomes"]}
    return {"level": setting, "declared": sorted(level["trips"]), "outcomes": outcomes, "seconds": result["seconds"]}


def judge_matrix(tries: list[Try]) -> tuple[bool, str]:
    """Against each level exactly the declared probes succeed."""
    odd, unsure = {}, Counter[str]()
    for one in tries:
        found = sorted(name for name, result in one["outcomes"].items() if result == "succeeded")
        unsure.update(name for name, result in one["outcomes"].items() if result == "could_not_run")
        if found != one["declared"]:
            odd[one["level"]] = sorted(set(found) ^ set(one["declared"]))
    attacked = sum(len(one["outcomes"]) for one in tries)
    told = f"{len(tries)} levels, {attacked} attacks; otherwise than declared: {odd or 'none'}; not run: {dict(unsure)}"
    return not odd, told
