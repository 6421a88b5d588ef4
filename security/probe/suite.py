"""Runs probes one after another, each with people of its own, and yields their outcomes as they come."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from security.guard import allow
from security.probe.catalog import CATALOG, Probe
from security.probe.client import Meter, Sources
from security.probe.identity import AccountPool, People
from security.probe.lab import Lab
from security.probe.outcome import CouldNotRunError, Outcome, Result, Verdict, presentable
from security.probe.scene import Scene
from security.probe.target import ProbeTarget


class UnknownProbeError(ValueError):
    """A probe was asked for that is not in the catalog."""


def run_suite(
    target: ProbeTarget, probes: Iterable[str] | None = None, *, seed: int | None = None
) -> Iterator[Outcome]:
    """Attack `target` with the named probes (default: all of the catalog, always in its order).

    `seed` fixes which accounts and source addresses are used; without it every suite takes others. The target is
    checked by the guard before anything is sent.

    Raises:
        Refused: the target is neither loopback nor authorised.
        UnknownProbeError: a name is not in the catalog.
    """
    chosen = _choose(probes)
    pinned = allow(target.base_url, target.authorization, ca_file=target.ca_file)
    pool, sources = AccountPool(target.accounts, seed), Sources(pinned, seed)
    lab = Lab(target.lab)
    return (_run(probe, target, lab, People(target, pinned, pool, sources, _meter(target))) for probe in chosen)


def _choose(names: Iterable[str] | None) -> list[Probe]:
    known = [probe.name for probe in CATALOG]
    wanted = set(known if names is None else names)
    unknown = sorted(wanted - set(known))
    if unknown:
        raise UnknownProbeError(f"There is no probe {', '.join(unknown)}; there are {', '.join(known)}.")
    return [probe for probe in CATALOG if probe.name in wanted]


def _meter(target: ProbeTarget) -> Meter:
    return Meter(target.authorization.max_rate if target.authorization else None)


def _run(probe: Probe, target: ProbeTarget, lab: Lab, people: People) -> Outcome:
    started = time.monotonic()
    try:
        verdict = probe.run(Scene(target, people, lab))
    except CouldNotRunError as error:
        verdict = Verdict(Result.COULD_NOT_RUN, str(error))
    except Exception as error:  # whatever went wrong, the attack was not carried out: that is never a pass
        verdict = Verdict(Result.COULD_NOT_RUN, f"{type(error).__name__}: {error}")
    finally:
        people.close()
    return Outcome(
        probe=probe.name,
        control=probe.control,
        api=probe.api,
        result=verdict.result,
        evidence=presentable(verdict.evidence),
        requests=people.meter.requests,
        seconds=time.monotonic() - started,
    )
