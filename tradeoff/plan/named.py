"""The plans that come with the command, and files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from tradeoff.plan.arm import ArmSpec, parse_arm
from tradeoff.plan.factors import Catalog, Factor
from tradeoff.plan.harder import attacks_under, one_worker_attacks
from tradeoff.plan.plan import REFERENCE_PROFILE, Block, Plan, attacked_arms, every_arm, read_plan, scored_arms, weakest
from tradeoff.plan.screening import screening_arms
from tradeoff.target.errors import TradeoffError

QUICK_SECONDS, QUICK_OUTSIDE_SECONDS, QUICK_EPOCHS = 88.0, 26.0, 4
FULL_BLOCK_SECONDS, FULL_EPOCHS = 420.0, 16
MOST_ARMS = 12
WEAKEST_PROFILE = "none"


def choose_plan(name: str, catalog: Catalog, *, articles: int, mix: Collection[str]) -> Plan:
    """The quick or the full plan, or a plan file. `mix` names the journeys of the mix.

    Raises:
        TradeoffError: no such plan and no such file.
    """
    if name == "quick":
        return quick_plan(catalog, articles=articles, mix=mix)
    if name == "full":
        return full_plan(catalog, articles=articles, mix=mix)
    if not Path(name).is_file():
        raise TradeoffError(f"there is no plan {name!r}: name quick, full or a plan file")
    return read_plan(Path(name), catalog, articles=articles)


def quick_plan(catalog: Catalog, *, articles: int, mix: Collection[str]) -> Plan:
    """A screening of all controls at their weakest level, and an arm for each optimisation at its trap.

    What is priced is attacked by the factor's own probes, and so is what needs several workers to be weak, with one
    worker too, which shows what a second one opens. The reference and the weakest profile meet all probes.
    """
    return Plan(
        name="quick",
        blocks=(
            *_within(QUICK_SECONDS, _screening(catalog, mix, folded=False, seconds=QUICK_SECONDS, epochs=QUICK_EPOCHS)),
            *_outside_the_mix(catalog, mix, seconds=QUICK_OUTSIDE_SECONDS, epochs=QUICK_EPOCHS),
        ),
        attacks=_attacked_quickly(catalog),
        under=one_worker_attacks(catalog, articles),
        probes="own",
        scan=True,
        articles=articles,
    )


def _attacked_quickly(catalog: Catalog) -> tuple[ArmSpec, ...]:
    """The reference, the weakest profile, each factor at its weakest, and the levels that several workers make weak."""
    whole = {REFERENCE_PROFILE, WEAKEST_PROFILE}
    weakened = {_at_its_weakest(factor, catalog).label for factor in catalog.factors}
    return tuple(
        arm
        for arm in attacked_arms(catalog)
        if arm.label in whole | weakened or any(level.requires.workers > 1 for level in arm.levels(catalog).values())
    )


def full_plan(catalog: Catalog, *, articles: int, mix: Collection[str]) -> Plan:
    """The screening folded over, every level of every factor alone, and every control alone added to `none`.

    Leaving one out and adding one in differ where factors interact. Every arm is attacked by all probes.

    The reference, and what needs several workers to be weak, are attacked under load, with more workers and data too.
    """
    apart = {factor.name for factor in catalog.factors if factor.apart}
    singles = [arm for arm in every_arm(catalog) if arm.label != REFERENCE_PROFILE]
    changed = [arm for arm in singles if not apart & arm.changed.keys()]
    screening = _screening(catalog, mix, folded=True, seconds=FULL_BLOCK_SECONDS, epochs=FULL_EPOCHS)
    return Plan(
        name="full",
        blocks=(
            *screening,
            *_outside_the_mix(catalog, mix, seconds=FULL_BLOCK_SECONDS, epochs=FULL_EPOCHS),
            *_blocks("levels", changed, catalog, seconds=FULL_BLOCK_SECONDS, epochs=FULL_EPOCHS),
            *_added_to_none(catalog, mix),
            *_apart(catalog, singles, seconds=FULL_BLOCK_SECONDS, epochs=FULL_EPOCHS),
        ),
        attacks=attacked_arms(catalog),
        under=attacks_under(catalog, articles),
        scores=scored_arms(catalog),
        scan=True,
        articles=articles,
    )


def screened(factor: Factor) -> bool:
    """Whether it is priced among others."""
    return not factor.scored and not factor.apart


def _screening(
    catalog: Catalog, mix: Collection[str], *, folded: bool, seconds: float, epochs: int
) -> tuple[Block, ...]:
    """The blocks that price each factor that the mix exercises, each of `seconds`."""
    exercised = [factor for factor in catalog.factors if factor.journeys[0] in mix and screened(factor)]
    controls = {factor.name: weakest(factor).name for factor in exercised if factor.kind == "control"}
    traps = [_at_its_weakest(factor, catalog) for factor in exercised if factor.kind == "optimisation"]
    arms = [*screening_arms(REFERENCE_PROFILE, controls, catalog, folded=folded), *traps]
    return _blocks("factors", arms, catalog, seconds=seconds, epochs=epochs, screening=True)


def _within(seconds: float, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """The same blocks, together within `seconds`."""
    return tuple(block.model_copy(update={"seconds": seconds / len(blocks)}) for block in blocks)


def _added_to_none(catalog: Catalog, mix: Collection[str]) -> tuple[Block, ...]:
    """Each control that the mix exercises at the level of the reference, while all others are at their weakest."""
    if WEAKEST_PROFILE not in catalog.profiles:
        return ()
    strong, weak = catalog.profile(REFERENCE_PROFILE), catalog.profile(WEAKEST_PROFILE)
    arms = [
        parse_arm(f"{WEAKEST_PROFILE},{factor.name}={strong[factor.name]}", catalog)
        for factor in catalog.factors
        if factor.kind == "control" and factor.journeys[0] in mix and strong[factor.name] != weak[factor.name]
    ]
    return _blocks(
        "added-to-none", arms, catalog, seconds=FULL_BLOCK_SECONDS, epochs=FULL_EPOCHS, reference=WEAKEST_PROFILE
    )


def _outside_the_mix(catalog: Catalog, mix: Collection[str], *, seconds: float, epochs: int) -> tuple[Block, ...]:
    """The blocks of the factors that only journeys outside of the mix exercise: an arm for each, on its journey."""
    factors = [factor for factor in catalog.factors if factor.journeys[0] not in mix and screened(factor)]
    arms = [_at_its_weakest(factor, catalog) for factor in factors]
    walked_by: dict[str, tuple[str, ...]] = {}
    for factor, arm in zip(factors, arms, strict=True):
        walked_by[factor.journeys[0]] = (*walked_by.get(factor.journeys[0], ()), arm.label)
    blocks = _blocks("outside-the-mix", arms, catalog, seconds=seconds, epochs=epochs)
    return tuple(block.model_copy(update={"journeys": tuple(walked_by), "walked_by": walked_by}) for block in blocks)


def _apart(catalog: Catalog, arms: Sequence[ArmSpec], *, seconds: float, epochs: int) -> tuple[Block, ...]:
    """A block for each factor that stands apart: the reference, and each of its other levels."""
    return tuple(
        block
        for factor in catalog.factors
        if factor.apart
        for block in _blocks(
            factor.name, [arm for arm in arms if factor.name in arm.changed], catalog, seconds=seconds, epochs=epochs
        )
    )


def _at_its_weakest(factor: Factor, catalog: Catalog) -> ArmSpec:
    return parse_arm(f"{REFERENCE_PROFILE},{factor.name}={weakest(factor).name}", catalog)


def _blocks(
    name: str,
    arms: Sequence[ArmSpec],
    catalog: Catalog,
    *,
    seconds: float,
    epochs: int,
    screening: bool = False,
    reference: str = REFERENCE_PROFILE,
) -> tuple[Block, ...]:
    """The arms in blocks of about equal size."""
    parts = list(_parts(arms))
    return tuple(
        Block(
            name=name if len(parts) == 1 else f"{name}-{number}",
            reference=parse_arm(reference, catalog),
            arms=tuple(part),
            seconds=seconds,
            epochs=epochs,
            screening=screening,
        )
        for number, part in enumerate(parts, start=1)
    )


def _parts(arms: Sequence[ArmSpec]) -> Iterable[Sequence[ArmSpec]]:
    count = -(-len(arms) // MOST_ARMS)
    return (arms[number::count] for number in range(count))
