"""Plans that search capacities and measure scaling."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tradeoff.catalog import CATALOG
from tradeoff.plan.estimate import estimate_s
from tradeoff.plan.load import USERS
from tradeoff.plan.named import full_plan, quick_plan
from tradeoff.plan.plan import Plan, read_plan
from tradeoff.target.errors import TradeoffError


def plan(folder: Path, text: str) -> Plan:
    file = folder / "plan.toml"
    file.write_text(f'name = "loaded"\n{text}')
    return read_plan(file, CATALOG, articles=7)


def test_a_plan_names_groups_and_what_to_scale(tmp_path: Path) -> None:
    """Arms in their order with the objective; numbers once and by size; the target's own number of articles."""
    read = plan(
        tmp_path,
        '[[capacity]]\narms = ["hardened", "none"]\nslo = "p95=50ms"\nseconds = 60\n'
        '[[scale]]\narm = "hardened"\nworkers = [2, 1, 2]\n',
    )
    (group,), (scaling,) = read.capacities, read.scalings
    assert [one.label for one in group.arms] == ["hardened", "none"]
    assert (group.objective.percentile, group.objective.latency_ms, group.seconds) == (95, 50, 60)
    assert (scaling.workers, scaling.articles, scaling.users) == ((1, 2), (7,), USERS)


@pytest.mark.parametrize(
    "wrong",
    ['[[capacity]]\narms = []\n', '[[capacity]]\narms = ["hardened"]\nseconds = 1\n',
     '[[capacity]]\narms = ["hardened"]\nslo = "fast"\n', '[[scale]]\narm = "hardened"\nusers = [0]\n'],
)  # fmt: skip
def test_what_can_not_be_is_one_sentence(tmp_path: Path, wrong: str) -> None:
    """No arm, too short a time, no objective, no user."""
    with pytest.raises(TradeoffError, match=r"is not valid|the objective"):
        plan(tmp_path, wrong)


def test_the_full_plan_compares_the_profiles_and_scales_the_reference() -> None:
    """The reference first; the quick plan has no time for either; both are in the time that is said."""
    full, quick = (made(CATALOG, articles=10, mix=["enter"]) for made in (full_plan, quick_plan))
    (group,), (scaling,) = full.capacities, full.scalings
    assert [one.label for one in group.arms] == ["hardened", "none"]
    assert (scaling.arm.label, scaling.articles) == ("hardened", (10, 100_000))
    assert not quick.capacities
    assert not quick.scalings
    without = full.model_copy(update={"capacities": (), "scalings": ()})
    assert estimate_s(full, at_once=2) > estimate_s(without, at_once=2) + group.seconds + 60
