"""Attacks a stranger: makes identities, explores, runs every check in the budget, says what it could not try."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from security.guard import Authorization, Refused, allow, same_host
from security.probe.outcome import CouldNotRunError, Outcome, Result, presentable
from security.stranger.budget import Budget, SpentError
from security.stranger.catalog import CHECKS
from security.stranger.check import Check, NothingToAttackError, Tries
from security.stranger.discovery import explore
from security.stranger.document import Document
from security.stranger.enrol import NoIdentityError, enrol
from security.stranger.finding import Finding, Flaw, evidence_of, script_for, stable_id
from security.stranger.world import World, is_local

STEPS = len(CHECKS) + 2  # identities and exploring are steps too
REQUESTS = 300
SECONDS = 30.0
# A request that was begun in time may still take its time-out.
RESERVE_S = 4.0
MAX_FLAWS = 12


@dataclass(frozen=True)
class Report:
    """What a run against a stranger gave. `coverage` lists the operations that answered each identity."""

    outcomes: Sequence[Outcome]
    findings: Sequence[Finding]
    requests: int
    seconds: float
    coverage: Mapping[str, Any]
    notes: Sequence[str] = field(default_factory=list)

    def as_json(self, target: str) -> dict[str, Any]:
        """The report as a JSON object."""
        return {
            "target": target,
            "requests": self.requests,
            "seconds": round(self.seconds, 3),
            "outcomes": [one.as_json() for one in self.outcomes],
            "findings": [one.as_json() for one in self.findings],
            "coverage": dict(self.coverage),
            "notes": list(self.notes),
        }


def attack(
    url: str,
    document: Document,
    identities: Sequence[Mapping[str, Any]] | None = None,
    *,
    authorization: Authorization | None = None,
    destructive: bool = False,
    requests: int = REQUESTS,
    seconds: float = SECONDS,
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Attack the backend at `url`, whose operations `document` names, with at most this many requests and seconds.

    Deleting is tried on loopback, and elsewhere only where `destructive` says so.

    Raises:
        Refused: the target is neither loopback nor authorised, or sends everything to another host.
    """
    pinned = allow(url, authorization)
    rate = authorization.max_rate if authorization else None
    budget = Budget(rate, limit=requests, seconds=max(1.0, seconds - RESERVE_S))
    world = World(document, pinned, budget, destructive=destructive or is_local(pinned))
    if document.server and not same_host(pinned, document.server):
        world.notes.append(f"The document's server {document.server} is not asked: all traffic goes to {url}.")
    began = time.monotonic()
    try:
        reason = _prepare(world, identities, progress)
        _stays_here(world)
        run = _Run(world)
        for check in CHECKS:
            progress(check.name)
            run.take(check, reason)
        return Report(
            run.outcomes, run.findings, budget.requests, time.monotonic() - began, _coverage(world), world.notes
        )
    finally:
        world.close()


def _prepare(
    world: World, identities: Sequence[Mapping[str, Any]] | None, progress: Callable[[str], None]
) -> str | None:
    """Make identities and explore; the reason why the attacks can't run, or None."""
    progress("identities")
    try:
        enrol(world, identities)
        progress("exploring")
        with world.budget.share(1, 3):
            explore(world)
    except NoIdentityError as error:
        return str(error)
    except SpentError as error:
        if len(world.identities) < 2:
            return f"Before there were two identities: {error}"
        world.notes.append(f"Exploring ended early: {error}")
    return None


def _stays_here(world: World) -> None:
    """Raise `Refused` where nothing was answered but redirects to another host: they are not followed."""
    places = [one.answer.header("location") for one in world.exchanges if 300 <= one.status < 400]
    elsewhere = next((place for place in places if place and not same_host(world.pinned, place)), None)
    if elsewhere and not any(one.ok for one in world.exchanges):
        raise Refused(f"The target redirects to {elsewhere}, another host: name that URL if it may be attacked.")


class _Run:
    def __init__(self, world: World) -> None:
        self.outcomes: list[Outcome] = []
        self.findings: list[Finding] = []
        self._world = world
        self._weight = sum(check.weight for check in CHECKS)
        self._kept = sum(check.least for check in CHECKS)

    def take(self, check: Check, reason: str | None) -> None:
        """Run one check within its share, and write down how it ended."""
        world, tries, found = self._world, Tries(), []
        requests, began = world.budget.requests, time.monotonic()
        failure: tuple[Result, str] | None = (Result.COULD_NOT_RUN, reason) if reason else None
        self._kept -= check.least
        world.move()
        if failure is None:
            try:
                with world.budget.share(check.weight, self._weight, self._kept, check.least):
                    for one in check.run(world, tries):
                        found.append(one)
                        if len(found) >= MAX_FLAWS:
                            break
            except NothingToAttackError as error:
                failure = (Result.NOT_APPLICABLE, str(error))
            except (CouldNotRunError, NoIdentityError) as error:
                failure = (Result.COULD_NOT_RUN, str(error))
            except SpentError as error:
                failure = (
                    Result.COULD_NOT_RUN,
                    f"{error} {tries.done} of {max(tries.of, tries.done)} places were tried.",
                )
            except Exception as error:  # whatever went wrong, the attack was not carried out: that is never a pass
                failure = (Result.COULD_NOT_RUN, f"{type(error).__name__}: {error}")
        self._weight -= check.weight
        added = [one for one in (self._finding(check, flaw) for flaw in found) if one]
        result, evidence = _judged(added, tries, failure)
        self.outcomes.append(
            Outcome(
                check.name,
                check.control,
                check.api,
                result,
                presentable(evidence),
                world.budget.requests - requests,
                time.monotonic() - began,
            )
        )

    def _finding(self, check: Check, one: Flaw) -> Finding | None:
        identifier = stable_id(check.name, one.method, one.path, one.place)
        if any(known.id == identifier for known in self.findings):
            return None
        finding = Finding(
            identifier,
            check.name,
            check.title,
            check.control,
            [check.api] if check.api else [],
            check.cwe,
            check.asvs,
            one.method,
            one.path,
            evidence_of(self._world, one),
            script_for(self._world, one),
        )
        self.findings.append(finding)
        return finding


def _judged(found: list[Finding], tries: Tries, failure: tuple[Result, str] | None) -> tuple[Result, str]:
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        return Result.SUCCEEDED, f"{found[0].method} {found[0].path} - {found[0].evidence}{more}"
    if failure:
        return failure
    if tries.undecided:
        return Result.COULD_NOT_RUN, tries.undecided
    if not tries.of:
        return Result.NOT_APPLICABLE, "Nothing was found that this attack could be aimed at."
    return Result.STOPPED, f"{tries.done} places were tried without effect."


def _coverage(world: World) -> dict[str, Any]:
    declared = {one.name for one in world.document.operations}
    reached = {who: sorted(names & declared) for who, names in world.reached.items() if names & declared}
    asked = {one.request.name for one in world.exchanges}
    return {"operations": len(declared), "reached": reached, "never_asked": sorted(declared - asked)}
