"""The plans that come with the command."""

from __future__ import annotations

from typing import Any

from tests.tradeoff.catalog import CATALOG
from tradeoff.plan.estimate import estimate_s
from tradeoff.plan.factors import Catalog
from tradeoff.plan.named import full_plan, quick_plan


def wide(controls: int, journey: str = "enter") -> Catalog:
    """A catalogue of so many controls."""
    factors: list[dict[str, Any]] = [
        {
            "name": f"c{number}",
            "kind": "control",
            "journeys": [journey],
            "levels": [{"name": "weak", "tag": "weak"}, {"name": "strong", "tag": "strong"}],
        }
        for number in range(controls)
    ]
    strong = {str(factor["name"]): "strong" for factor in factors}
    return Catalog.model_validate({"name": "wide", "factors": factors, "profiles": {"hardened": strong}})


def test_the_quick_plan_prices_each_factor_at_its_weakest_level_or_trap() -> None:
    """A control is compared with its weakest level, an optimisation with its trap."""
    (block,) = quick_plan(CATALOG, articles=10, mix=["enter"]).blocks
    assert [arm.label for arm in block.arms] == ["hardened,lock=open", "hardened,cache=shared"]
    assert block.screening


def test_many_controls_are_screened_in_blocks_that_share_the_time() -> None:
    """Twenty controls take 23 arms in two blocks, which together take the time of one."""
    one, many = (quick_plan(wide(controls), articles=10, mix=["enter"]).blocks for controls in (5, 20))
    assert sum(len(block.arms) for block in many) == 23
    assert max(len(block.arms) for block in many) <= 12
    assert sum(block.seconds for block in many) == sum(block.seconds for block in one)
    assert len({block.name for block in many}) == len(many) == 2


def test_the_full_plan_folds_the_screening_and_prices_each_level_alone() -> None:
    """Twice the arms less the reference, and then every level."""
    blocks = full_plan(wide(5), articles=10, mix=["enter"]).blocks
    assert sum(len(block.arms) for block in blocks if block.screening) == 15
    alone = [arm.label for block in blocks if not block.screening for arm in block.arms]
    assert sorted(alone) == sorted(f"hardened,c{number}=weak" for number in range(5))


def test_the_full_plan_adds_each_control_to_none() -> None:
    """In a block of its own, whose reference is `none`."""
    blocks = full_plan(CATALOG, articles=10, mix=["enter"]).blocks
    (added,) = [block for block in blocks if block.reference.label == "none"]
    assert [arm.label for arm in added.arms] == ["none,lock=bolted"]


def test_the_full_plan_attacks_under_load_at_scale_and_with_data() -> None:
    """The reference by all probes; what needs two workers by its own, with 1, 2 and 4, and so the reference."""
    catalog = with_process_state()
    under = full_plan(catalog, articles=10, mix=["enter"]).under
    whole = [one.conditions for one in under if one.arm.label == "hardened" and not one.probes]
    assert {one.load for one in whole} == {0, 50, 100, 150}
    assert {one.workers for one in whole} == {1, 2, 4}
    assert {one.articles for one in whole} == {10, 100_000}
    weak = [one for one in under if one.arm.label == "hardened,c0=each"]
    assert [one.conditions.workers for one in weak] == [1, 2, 4]
    assert {one.probes for one in weak} == {("spread",)}
    (quick,) = quick_plan(catalog, articles=10, mix=["enter"]).under
    assert (quick.arm.label, quick.conditions.workers) == ("hardened,c0=each", 1)


def with_process_state() -> Catalog:
    """A catalogue of one control that has a level whose state is each process's own."""
    factor = wide(1).factors[0].model_dump()
    factor["levels"] = [
        *factor["levels"],
        {"name": "each", "tag": "weak", "trips": ["spread"], "requires": {"workers": 2}},
    ]
    return Catalog.model_validate({"name": "wide", "factors": [factor], "profiles": {"hardened": {"c0": "strong"}}})


def test_the_estimate_counts_blocks_and_attacks() -> None:
    """A longer plan is said to take longer; blocks count by their own seconds."""
    quick, full = (plan(with_process_state(), articles=10, mix=["enter"]) for plan in (quick_plan, full_plan))
    assert sum(block.seconds for block in quick.blocks) < estimate_s(quick, at_once=2) < estimate_s(full, at_once=2)
    assert estimate_s(full, at_once=1) > estimate_s(full, at_once=2)


def test_what_the_mix_does_not_exercise_has_windows_of_its_own() -> None:
    """A factor whose journey is not in the mix is priced on that journey, in a block that carries it."""
    (block,) = quick_plan(wide(2, "buyer"), articles=10, mix=["enter"]).blocks
    assert (block.journeys, block.screening) == (("buyer",), False)
    assert [arm.label for arm in block.arms] == ["hardened,c0=weak", "hardened,c1=weak"]


def test_what_the_profiles_leave_plain_stands_apart() -> None:
    """A control that the reference has at a plain level is attacked like others, and priced in a block of its own."""
    catalog = wide(1)
    tags = {"bare": "plain", "old": "weak", "new": "strong"}
    levels = [{"name": name, "tag": tag} for name, tag in tags.items()]
    cover = {"name": "cover", "kind": "control", "journeys": ["enter"], "levels": levels}
    factors = [*(factor.model_dump() for factor in catalog.factors), cover]
    profiles = {"hardened": {"c0": "strong", "cover": "bare"}}
    covered = Catalog.model_validate({"name": "covered", "factors": factors, "profiles": profiles})
    quick, full = (plan(covered, articles=10, mix=["enter"]) for plan in (quick_plan, full_plan))
    alone = ["hardened,cover=old", "hardened,cover=new"]
    assert [arm.label for arm in quick.attacks] == ["hardened", "hardened,c0=weak", "hardened,cover=old"]
    assert [arm.label for arm in full.attacks] == ["hardened", "hardened,c0=weak", *alone]
    assert [arm.label for block in quick.blocks for arm in block.arms] == ["hardened,c0=weak"]
    assert [[arm.label for arm in block.arms] for block in full.blocks if block.name == "cover"] == [alone]
    others = {arm.label for block in full.blocks if block.name != "cover" for arm in block.arms}
    assert others == {"hardened,c0=weak"}


def test_what_has_a_score_is_neither_screened_nor_attacked() -> None:
    """A factor of depth has no weakest level: the full plan prices its levels, and no plan attacks them."""
    catalog = wide(1)
    levels = [{"name": name, "tag": "depth"} for name in ("off", "light")]
    wall = {"name": "wall", "kind": "control", "journeys": ["enter"], "levels": levels}
    factors = [*(factor.model_dump() for factor in catalog.factors), wall]
    profiles = {"hardened": {"c0": "strong", "wall": "off"}}
    walled = Catalog.model_validate({"name": "walled", "factors": factors, "profiles": profiles})
    quick, full = (plan(walled, articles=10, mix=["enter"]) for plan in (quick_plan, full_plan))
    assert (
        [arm.label for arm in quick.attacks] == [arm.label for arm in full.attacks] == ["hardened", "hardened,c0=weak"]
    )
    assert [arm.label for block in quick.blocks for arm in block.arms] == ["hardened,c0=weak"]
    priced = {arm.label for block in full.blocks for arm in block.arms}
    assert priced == {"hardened,c0=weak", "hardened,wall=light"}
