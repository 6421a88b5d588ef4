"""Attacks: every arm is started on a fresh database and probed; two arms at a time, since probes mostly wait."""

from __future__ import annotations

import functools
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Flag

from security.guard import Authorization
from security.probe.catalog import CATALOG
from security.probe.outcome import Outcome
from security.probe.suite import run_suite
from security.probe.target import Account, Accounts, LabCommands, Login, ProbeTarget
from tradeoff.measure.progress import Progress
from tradeoff.plan.arm import ArmSpec
from tradeoff.plan.conditions import Conditions
from tradeoff.plan.factors import Catalog
from tradeoff.plan.plan import REFERENCE_PROFILE, Probes
from tradeoff.record.events import Attack, AttacksEnded, Event, HeldLoad, NotMeasured
from tradeoff.target.build import tree_of
from tradeoff.target.commands import environment, fill, run_started
from tradeoff.target.description import Target
from tradeoff.target.errors import TradeoffError
from tradeoff.target.forking import Nursery
from tradeoff.target.running import RunningArm
from tradeoff.target.template import Templates, restore

AT_ONCE = max(1, len(os.sched_getaffinity(0)))


def attack_arms(
    target: Target,
    catalog: Catalog,
    arms: Sequence[ArmSpec],
    *,
    probes: Probes | Sequence[str] = "all",
    templates: Templates,
    articles: int,
    emit: Callable[[Event], None],
    progress: Progress,
) -> None:
    """Probe every arm; one that can't be started is recorded as not measured."""
    progress.stage("attacking", len(arms))
    ending = Flag()
    with (
        Nursery(target, hash_seed=random.randrange(1, 2**32 - 1), trees=[target.root]) as nursery,
        ThreadPoolExecutor(AT_ONCE, thread_name_prefix="attack") as pool,
    ):
        started: dict[Future[list[Event]], ArmSpec] = {
            pool.submit(
                _attack, target, catalog, spec, probes_for(spec, probes, catalog), templates, articles, nursery, ending
            ): spec
            for spec in arms
        }
        try:
            for future in as_completed(started):
                for event in _events(future, started[future]):
                    emit(event)
                progress.step(started[future].label)
        except BaseException:
            ending.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _events(future: Future[list[Event]], spec: ArmSpec) -> list[Event]:
    try:
        return future.result()
    except TradeoffError as error:
        return [NotMeasured(subject=f"attacks on {spec.label}", reason=str(error))]


def probes_for(spec: ArmSpec, probes: Probes | Sequence[str], catalog: Catalog) -> list[str]:
    """Names of the probes that an arm meets: those named, all, or those of its changed factors and declared ones."""
    if not isinstance(probes, str):
        return list(probes)
    if probes == "all" or not spec.changed:
        return [probe.name for probe in CATALOG]
    declared = spec.declared_trips(catalog)
    return [probe.name for probe in CATALOG if probe.control in spec.changed or probe.name in declared]


def workers_needed(spec: ArmSpec, catalog: Catalog) -> int:
    """Workers that the arm's levels require before their weakness shows; the reference must hold with as many."""
    if spec.label == REFERENCE_PROFILE:
        levels = [level for factor in catalog.factors for level in factor.levels]
    else:
        levels = list(spec.levels(catalog).values())
    return max((level.requires.workers for level in levels), default=1)


def _attack(
    target: Target,
    catalog: Catalog,
    spec: ArmSpec,
    probes: list[str],
    templates: Templates,
    articles: int,
    nursery: Nursery,
    ending: Flag,
) -> list[Event]:
    workers, began = workers_needed(spec, catalog), time.monotonic()
    with fresh_arm(target, spec, templates=templates, articles=articles, workers=workers, nursery=nursery) as arm:
        attacked = probe_target(target, arm.url, arm=arm, workers=workers, nursery=nursery)
        outcomes = _until(ending, run_suite(attacked, probes))
    return attack_events(spec.label, outcomes, workers=workers, seconds=time.monotonic() - began)


@contextmanager
def fresh_arm(
    target: Target,
    spec: ArmSpec,
    *,
    templates: Templates,
    articles: int,
    workers: int = 1,
    nursery: Nursery | None = None,
) -> Iterator[RunningArm]:
    """An arm on a fresh database, ready and alone, as long as the block.

    Raises:
        TradeoffError: it can't be started.
    """
    tree = tree_of(target, spec.ref)
    run = nursery.run if nursery else run_started
    template = templates.folder(setting=spec.setting, treatment=spec.treatment, tree=tree, run=run)
    work = Path(tempfile.mkdtemp(prefix="tradeoff-"))
    try:
        restore(template, work / "arm")
        arm = RunningArm(
            target,
            name=spec.label,
            setting=spec.setting,
            work=work / "arm",
            tree=tree,
            articles=articles,
            workers=workers,
            nursery=nursery,
            front=target.front_for(spec.treatment),
            attacked=True,
            scheme=target.scheme_for(spec.treatment),
        )
        try:
            arm.wait_ready()
            yield arm
        finally:
            arm.stop(grace_s=1.0)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _until(ending: Flag, outcomes: Iterable[Outcome]) -> list[Outcome]:
    taken: list[Outcome] = []
    for outcome in outcomes:
        if ending.is_set():
            raise TradeoffError("the run is ending")
        taken.append(outcome)
    return taken


def attack_events(
    arm: str,
    outcomes: Sequence[Outcome],
    *,
    workers: int,
    seconds: float,
    under: Conditions | None = None,
    load: HeldLoad | None = None,
) -> list[Event]:
    """A suite's outcomes as events: one a probe, then the end."""
    requests = sum(outcome.requests for outcome in outcomes)
    return [
        *(_attack_event(arm, outcome, under) for outcome in outcomes),
        AttacksEnded(arm=arm, workers=workers, requests=requests, seconds=seconds, under=under, load=load),
    ]


def _attack_event(arm: str, outcome: Outcome, under: Conditions | None) -> Attack:
    return Attack(
        arm=arm,
        probe=outcome.probe,
        control=outcome.control,
        api=outcome.api or "",
        result=outcome.result.value,
        evidence=outcome.evidence,
        requests=outcome.requests,
        seconds=outcome.seconds,
        under=under,
    )


def probe_target(
    target: Target,
    url: str,
    *,
    arm: RunningArm | None = None,
    workers: int = 1,
    load: int = 0,
    nursery: Nursery | None = None,
) -> ProbeTarget:
    """What the probes need to know of a target at `url`; lab commands only for an arm of our own.

    `load` is the share of its capacity, in per cent, that is held meanwhile.
    """
    accounts, login = target.accounts, target.login
    admin = accounts.roles.get("admin")
    return ProbeTarget(
        base_url=url,
        accounts=Accounts(
            username=accounts.username,
            email=accounts.email,
            password=accounts.password,
            count=accounts.count,
            reserved=accounts.load,
        ),
        login=Login(
            path=login.path,
            body=login.body,
            token_at=login.token_at,
            method=login.method,
            header=login.header,
            scheme=login.scheme,
        ),
        lab=_lab(target, arm, nursery) if arm and nursery else LabCommands(),
        workers=workers,
        services=arm.service_urls if arm else {},
        load=load,
        authorization=authorization(target),
        ca_file=str(arm.ca_file) if arm and arm.ca_file else None,
        admin=None if admin is None else Account(admin.username, admin.email, admin.password),
    )


def authorization(target: Target) -> Authorization:
    """The owner's leave, as the guard takes it."""
    leave = target.authorized
    return Authorization(tuple(leave.hosts), leave.until, leave.by, leave.max_rate)


#: Places in lab commands that a probe fills in.
PLACES = ("username", "claims", "kind", "name", "address", "connect", "order", "events")


def _lab(target: Target, arm: RunningArm, nursery: Nursery) -> LabCommands:
    def words(command: list[str] | None) -> list[str] | None:
        return fill(command, {"pid": arm.pid}, keep=PLACES) if command else None

    return LabCommands(
        mint_token=words(target.lab.mint_token),
        read_db=words(target.lab.read_db),
        fault=words(target.lab.fault),
        resolve=words(target.lab.resolve),
        sign_webhook=words(target.lab.sign_webhook),
        kill=words(target.lab.kill),
        run=functools.partial(nursery.run, tree=arm.tree, environment=environment(arm.extra)),
    )
