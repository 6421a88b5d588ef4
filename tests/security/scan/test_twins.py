"""The scanners on the sets of twins: what they must reach, and that every rule is shown by a case."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from security.scan.own import hits, read_module
from security.scan.policy import PROJECT
from security.scan.rating import read_twins
from security.scan.rules.catalog import RULES
from security.scan.scan import rate_folder
from security.scan.weakness import weaknesses

HERE = Path(__file__).parent
FIRST, SECOND = HERE / "twins", HERE / "twins_second"
#: Rules whose cases are snippets of tests/security/scan/rules.
SHOWN_BY_SNIPPETS = {"R246", "R283", "T113"}


@cache
def rating(folder: Path) -> list[dict[str, Any]]:
    return rate_folder(folder, PROJECT)


def joined(folder: Path) -> dict[str, Any]:
    return next(row for row in rating(folder) if row["scanner"] == "joined" and row["class"] is None)


def test_the_first_set_is_told_apart() -> None:
    """At least +0.85 on the twins that the rules were written with."""
    assert joined(FIRST)["youden"]["value"] >= 0.85


def test_the_second_set_is_told_apart() -> None:
    """At least +0.5 on twins that were written after the rules were frozen, its lower bound included."""
    row = joined(SECOND)
    assert row["weak"] >= 40
    assert row["youden"]["low"] >= 0.5


def test_joined_scanners_find_what_any_of_them_finds() -> None:
    """Joining loses no class of weak code that one scanner sees."""
    best = {row["class"]: row["found"] for row in rating(FIRST) if row["scanner"] == "joined"}
    for row in rating(FIRST):
        assert row["found"] <= best[row["class"]], row


@pytest.mark.parametrize("folder", [FIRST, SECOND])
def test_every_class_is_in_the_table(folder: Path) -> None:
    """A pair's folder is named by its class."""
    assert {twin.weakness for twin in read_twins(folder, PROJECT)} <= weaknesses().keys()


def test_every_rule_is_shown_by_a_weak_twin() -> None:
    """No rule without a case."""
    fired = {
        hit.rule.id
        for folder in (FIRST, SECOND)
        for twin in read_twins(folder, PROJECT)
        for hit in hits(read_module((PROJECT / twin.weak).read_text(encoding="utf-8"), twin.weak))
    }
    assert RULES.keys() - fired == SHOWN_BY_SNIPPETS


def test_no_rule_names_a_file_or_symbol_of_ours() -> None:
    """The rules hold for any backend: no path, and no class of two words, of the reference backend stands in them."""
    paths = [path.relative_to(PROJECT) for path in (PROJECT / "target_app").rglob("*.py")]
    text = "\n".join((PROJECT / path).read_text(encoding="utf-8") for path in paths)
    classes = set(re.findall(r"^class ([A-Z][a-z]+[A-Z]\w+)", text, re.MULTILINE))
    assert len(classes) > 50
    classes -= {"PasswordHash"}  # pwdlib's class, which a rule knows, is called so too
    for path in (PROJECT / "security" / "scan" / "rules").iterdir():
        words = set(re.findall(r"[\w/.]+", path.read_text(encoding="utf-8"))) if path.is_file() else set()
        assert not words & (classes | {one.as_posix() for one in paths} | {"target_app"}), path


def test_rules_carry_their_ids() -> None:
    """Each rule has a CWE of its class or its own, grades, and advice."""
    for rule in RULES.values():
        assert rule.weakness in weaknesses()
        assert rule.cwe.isdigit()
        assert rule.help.endswith(".")
