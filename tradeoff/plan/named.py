"""The plans that come with the command, and files."""

from __future__ import annotations

from pathlib import Path

from tradeoff.plan.arm import parse_arm
from tradeoff.plan.factors import Catalog
from tradeoff.plan.plan import REFERENCE_PROFILE, Block, Plan, every_arm, quick_plan, read_plan
from tradeoff.target.errors import TradeoffError

QUICK_SECONDS, QUICK_EPOCHS = 120.0, 5
FULL_BLOCK_SECONDS, FULL_EPOCHS, FULL_BLOCK_ARMS = 420.0, 16, 7


def choose_plan(name: str, catalog: Catalog, *, articles: int) -> Plan:
    """The quick or the full plan, or a plan file.

    Raises:
        TradeoffError: no such plan and no such file.
    """
    if name == "quick":
        return quick_plan(catalog, articles=articles, seconds=QUICK_SECONDS, epochs=QUICK_EPOCHS)
    if name == "full":
        return _full_plan(catalog, articles=articles)
    if not Path(name).is_file():
        raise TradeoffError(f"there is no plan {name!r}: name quick, full or a plan file")
    return read_plan(Path(name), catalog, articles=articles)


def _full_plan(catalog: Catalog, *, articles: int) -> Plan:
    """Every level of every factor and every profile priced, in blocks that share reference and twin."""
    arms = [arm for arm in every_arm(catalog) if arm.label != REFERENCE_PROFILE]
    chunks = [arms[start : start + FULL_BLOCK_ARMS] for start in range(0, len(arms), FULL_BLOCK_ARMS)]
    blocks = tuple(
        Block(
            name=f"part-{number}",
            reference=parse_arm(REFERENCE_PROFILE, catalog),
            arms=tuple(chunk),
            seconds=FULL_BLOCK_SECONDS,
            epochs=FULL_EPOCHS,
        )
        for number, chunk in enumerate(chunks, start=1)
    )
    return Plan(name="full", blocks=blocks, attacks=every_arm(catalog), scan=True, articles=articles)
