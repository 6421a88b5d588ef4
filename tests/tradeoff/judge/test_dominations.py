"""Strong levels of which one is as strong as another, and cheaper."""

from __future__ import annotations

from tests.tradeoff.report.builder import interval
from tradeoff.judge.dominations import find_dominations
from tradeoff.judge.summary import ArmPrice, AttackedArm, JourneyPrice
from tradeoff.plan.factors import Catalog

LEVELS = (("crumbling", "weak"), ("oak", "strong"), ("steel", "strong"), ("gold", "strong"))
CATALOG = Catalog.model_validate(
    {
        "name": "doors",
        "factors": [
            {
                "name": "door",
                "kind": "control",
                "journeys": ["enter"],
                "levels": [{"name": name, "tag": tag} for name, tag in LEVELS],
            }
        ],
        "profiles": {"hardened": {"door": "oak"}},
    }
)


def priced(level: str, value: float, half: float) -> ArmPrice:
    journey = JourneyPrice(
        journey="enter",
        ratio=interval(1, 0),
        added_us=interval(value, half),
        added_us_joint=interval(value, half),
        reference_us=100,
        requests=1,
    )
    return ArmPrice(
        arm=f"hardened,door={level}", treatment={"door": level}, changed={"door": level}, block="levels", epochs=9,
        ratio=None, added_us=None, reference_us=None, journeys={"enter": journey}, void=None,
    )  # fmt: skip


def attacked(level: str, stopped: int) -> AttackedArm:
    return AttackedArm(
        arm=f"hardened,door={level}", treatment={}, changed={"door": level}, tag="strong", workers=1, outcomes=[],
        stopped=stopped, tried=5,
    )  # fmt: skip


def test_a_level_that_is_surely_cheaper_dominates() -> None:
    """Oak is the reference, steel can't be told from it, gold costs more than both; a weak level never counts."""
    prices = [priced("steel", 1, 3), priced("gold", 50, 4), priced("crumbling", -90, 1)]
    found = find_dominations(CATALOG, "hardened", prices, [attacked("steel", 5), attacked("gold", 5)])
    assert [(one.better, one.worse) for one in found] == [("oak", "gold"), ("steel", "gold")]
    assert found[1].saved_us == interval(49, 7)


def test_what_lets_an_attack_through_is_not_as_strong() -> None:
    """Steel is cheaper here, but does not stop everything."""
    assert find_dominations(CATALOG, "hardened", [priced("steel", -20, 1)], [attacked("steel", 4)]) == []
