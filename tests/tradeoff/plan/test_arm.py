"""Arms as users write them."""

from __future__ import annotations

import pytest

from tests.tradeoff.catalog import CATALOG
from tradeoff.plan.arm import parse_arm
from tradeoff.plan.plan import Block, every_arm
from tradeoff.target.errors import TradeoffError


def test_a_level_named_in_the_arm_replaces_the_profiles() -> None:
    """`hardened,lock=open` has every level of hardened but that one."""
    arm = parse_arm("hardened,lock=open", CATALOG)
    assert arm.treatment == {"lock": "open", "cache": "off"}
    assert arm.changed == {"lock": "open"}
    assert arm.label == "hardened,lock=open"


def test_a_level_that_the_profile_has_already_changes_nothing() -> None:
    """`hardened,lock=bolted` is hardened."""
    assert parse_arm("hardened,lock=bolted", CATALOG).label == "hardened"


def test_a_git_reference_follows_the_at_sign() -> None:
    """The reference is kept apart from the treatment."""
    arm = parse_arm("hardened@main~1", CATALOG)
    assert (arm.setting, arm.ref, arm.label) == ("hardened", "main~1", "hardened@main~1")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hardend", "did you mean hardened"),
        ("hardened,lok=open", "did you mean lock"),
        ("hardened,lock=opn", "did you mean open"),
        ("hardened,lock", "not of the form factor=level"),
        ("hardened@", "git reference must follow"),
    ],
)
def test_a_slip_is_named_with_the_nearest_word(text: str, says: str) -> None:
    """A mistyped arm says what was meant."""
    with pytest.raises(TradeoffError, match=says):
        parse_arm(text, CATALOG)


def test_declared_trips_are_those_of_bad_levels_alone() -> None:
    """hardened declares none; a weak level declares its own."""
    assert parse_arm("hardened", CATALOG).declared_trips(CATALOG) == set()
    assert parse_arm("none", CATALOG).declared_trips(CATALOG) == {"walk_in", "walk_out"}


def test_every_level_and_profile_is_attacked_once() -> None:
    """No arm twice, none left out."""
    labels = [arm.label for arm in every_arm(CATALOG)]
    assert labels == ["none", "hardened", "hardened,lock=open", "hardened,cache=shared"]


def test_arms_of_a_block_have_names_of_their_own() -> None:
    """The same arm twice is told apart."""
    arm = parse_arm("hardened", CATALOG)
    block = Block(name="b", reference=arm, arms=(arm, arm), seconds=20, epochs=4)
    assert list(block.named_arms()) == ["reference", "twin", "hardened", "hardened#2"]
