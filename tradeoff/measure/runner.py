"""Runs a plan, stage by stage, writing events; finishes an interrupted run from what it had recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tradeoff.measure.attacks import AT_ONCE, attack_arms
from tradeoff.measure.attacks_under import AttacksUnder
from tradeoff.measure.duet import BlockState, Duet
from tradeoff.measure.environment import describe_environment
from tradeoff.measure.nurseries import Nurseries
from tradeoff.measure.progress import Progress
from tradeoff.measure.scanning import ScanBeside
from tradeoff.measure.waf import score_arms
from tradeoff.plan.conditions import Conditions
from tradeoff.plan.estimate import estimate_s
from tradeoff.plan.factors import Catalog
from tradeoff.plan.plan import Plan
from tradeoff.record.events import (
    AnyEvent,
    AttacksEnded,
    BlockEnded,
    BlockRates,
    EpochEnded,
    Event,
    RunEnded,
    RunResumed,
    RunStarted,
    Scanned,
    WafScored,
)
from tradeoff.record.folder import EventLog, new_run_folder, read_events
from tradeoff.target.build import tree_of
from tradeoff.target.description import Target, read_target
from tradeoff.target.errors import Interrupted, TradeoffError
from tradeoff.target.template import Templates


@dataclass(frozen=True)
class Done:
    """What of a plan was recorded already."""

    blocks: frozenset[str] = frozenset()
    rates: tuple[BlockRates, ...] = ()
    epochs: frozenset[tuple[str, int]] = frozenset()
    attacks: frozenset[str] = frozenset()
    under: frozenset[tuple[str, Conditions]] = frozenset()
    scores: frozenset[str] = frozenset()
    scanned: bool = False

    def block(self, name: str) -> BlockState:
        """How far a block has come."""
        rates = next((rates for rates in self.rates if rates.block == name), None)
        return BlockState(rates=rates, done={epoch for block, epoch in self.epochs if block == name})


def what_is_done(events: Iterable[AnyEvent]) -> Done:
    """Read off a run's events what need not be measured again."""
    recorded = list(events)
    attacked = [event for event in recorded if isinstance(event, AttacksEnded)]
    return Done(
        blocks=frozenset(event.block for event in recorded if isinstance(event, BlockEnded)),
        rates=tuple(event for event in recorded if isinstance(event, BlockRates)),
        epochs=frozenset((event.block, event.epoch) for event in recorded if isinstance(event, EpochEnded)),
        attacks=frozenset(event.arm for event in attacked if event.under is None),
        under=frozenset((event.arm, event.under) for event in attacked if event.under is not None),
        scores=frozenset(event.arm for event in recorded if isinstance(event, WafScored)),
        scanned=any(isinstance(event, Scanned) for event in recorded),
    )


def start_run(
    target: Target, target_file: Path, catalog: Catalog, plan: Plan, *, out: Path, seed: int, progress: Progress
) -> Path:
    """Run a plan into a new run folder; returns the folder.

    Raises:
        TradeoffError: something ended the run; what was measured until then is recorded and can be resumed.
    """
    folder, estimate = new_run_folder(out, plan.name), estimate_s(plan, at_once=AT_ONCE)
    with EventLog(folder) as log:
        log.append(
            RunStarted(
                run=folder.name,
                plan=plan,
                catalog=catalog,
                target=target.name,
                target_file=str(target_file),
                mix=dict(target.load.mix),
                seed=seed,
                environment=describe_environment(),
                estimate_s=estimate,
            )
        )
        progress.say(f"run {folder}")
        progress.say(f"the {plan.name} plan takes about {estimate / 60:.0f} min")
        _run(target, catalog, plan, Done(), seed=seed, log=log, progress=progress)
    return folder


def resume_run(folder: Path, *, progress: Progress) -> None:
    """Finish a run from what it recorded.

    Raises:
        TradeoffError: the folder holds no run, or the run is complete.
    """
    events = list(read_events(folder))
    if not events or not isinstance(events[0], RunStarted):
        raise TradeoffError(f"{folder} holds no start of a run: begin a new one with `tradeoff run`")
    start, last = events[0], events[-1]
    if isinstance(last, RunEnded) and last.status == "complete":
        raise TradeoffError(f"{folder} is complete: `tradeoff report {folder.name}` shows it")
    target = read_target(Path(start.target_file))
    with EventLog(folder) as log:
        log.append(RunResumed(environment=describe_environment()))
        _run(target, start.catalog, start.plan, what_is_done(events), seed=start.seed, log=log, progress=progress)


def _run(
    target: Target, catalog: Catalog, plan: Plan, done: Done, *, seed: int, log: EventLog, progress: Progress
) -> None:
    try:
        _stages(target, catalog, plan, done, seed=seed, emit=log.append, progress=progress)
    except BaseException as error:
        interrupted = isinstance(error, (Interrupted, KeyboardInterrupt))
        _try_to_end(log, RunEnded(status="interrupted" if interrupted else "failed", reason=str(error)))
        raise
    log.append(RunEnded(status="complete"))


def _try_to_end(log: EventLog, event: RunEnded) -> None:
    try:
        log.append(event)
    except TradeoffError:
        return  # the disk that ended the run refuses this line too; the run can be resumed without it


def _stages(
    target: Target,
    catalog: Catalog,
    plan: Plan,
    done: Done,
    *,
    seed: int,
    emit: Callable[[Event], None],
    progress: Progress,
) -> None:
    templates = Templates(target, articles=plan.articles)
    blocks = [block for block in plan.blocks if block.name not in done.blocks]
    names = [block.name for block in blocks]
    trees = {tree_of(target, arm.ref) for block in blocks for arm in block.named_arms().values()}
    with Nurseries(target, trees=trees, seed=seed) as nurseries:
        for block, then in zip(blocks, [*names[1:], None], strict=False):
            duet = Duet(
                target,
                block,
                templates=templates,
                nurseries=nurseries,
                then=then,
                articles=plan.articles,
                seed=seed,
                emit=emit,
                progress=progress,
            )
            duet.run(done.block(block.name))
    with ExitStack() as beside:
        scanning = ScanBeside(target, catalog) if plan.scan and not done.scanned else None
        if scanning:
            beside.callback(scanning.stop)
        _attacks(target, catalog, plan, done, templates, seed=seed, emit=emit, progress=progress)
        if scanning:
            emit(scanning.result(progress))


def _attacks(
    target: Target,
    catalog: Catalog,
    plan: Plan,
    done: Done,
    templates: Templates,
    *,
    seed: int,
    emit: Callable[[Event], None],
    progress: Progress,
) -> None:
    left = [spec for spec in plan.attacks if spec.label not in done.attacks]
    if left:
        attack_arms(
            target,
            catalog,
            left,
            probes=plan.probes,
            templates=templates,
            articles=plan.articles,
            emit=emit,
            progress=progress,
        )
    harder = [one for one in plan.under if (one.arm.label, one.conditions) not in done.under]
    if harder:
        AttacksUnder(target, catalog, probes=plan.probes, seed=seed).run(harder, emit=emit, progress=progress)
    unscored = [spec for spec in plan.scores if spec.label not in done.scores]
    if unscored:
        score_arms(target, unscored, templates=templates, articles=plan.articles, emit=emit, progress=progress)
