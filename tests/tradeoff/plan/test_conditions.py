"""Plan files that attack under load, with several workers and with much data."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tradeoff.catalog import CATALOG
from tradeoff.plan.plan import read_plan
from tradeoff.target.errors import TradeoffError


def plan_file(folder: Path, text: str) -> Path:
    file = folder / "plan.toml"
    file.write_text(f'name = "harder"\n{text}')
    return file


def test_every_combination_is_an_attack(tmp_path: Path) -> None:
    """Two loads and two numbers of workers are four attacks, on as many articles as the target has."""
    file = plan_file(
        tmp_path, '[[under]]\narm = "hardened"\nload = [50, 150]\nworkers = [1, 4]\nprobes = ["walk_in"]\n'
    )
    attacks = read_plan(file, CATALOG, articles=7).under
    assert [one.label for one in attacks] == [
        "hardened at 50 % load, 1 worker, 7 articles",
        "hardened at 50 % load, 4 workers, 7 articles",
        "hardened at 150 % load, 1 worker, 7 articles",
        "hardened at 150 % load, 4 workers, 7 articles",
    ]
    assert {one.probes for one in attacks} == {("walk_in",)}


@pytest.mark.parametrize("wrong", ["load = [-1]", "workers = [0]", "load = []", "speed = 3"])
def test_what_can_not_be_is_one_sentence(tmp_path: Path, wrong: str) -> None:
    """A negative load, no worker, no load at all, an unknown key."""
    with pytest.raises(TradeoffError, match="is not valid"):
        read_plan(plan_file(tmp_path, f'[[under]]\narm = "hardened"\n{wrong}\n'), CATALOG, articles=7)
