"""Attacks under load and at scale: what held, what opens, and what could not be told, for each arm and conditions."""

from __future__ import annotations

from dataclasses import dataclass

from tradeoff.judge.summary import AttackedUnder, Opening, Summary
from tradeoff.report import units
from tradeoff.report.words import counted, listed, plain

NOTE = (
    "The same probes while Locust's load process holds a share of the arm's capacity (the highest rate of visits at "
    "which the p99 stays at 100 ms and no request fails), with more workers, and with more data. What is stopped under "
    "milder conditions and succeeds here is a finding of its own kind. A probe that can't tell under load says so."
)


@dataclass(frozen=True)
class HarderRow:
    """An arm under conditions: the load that was really held, and its outcomes in words."""

    arm: str
    conditions: str
    load: str
    stopped: str
    opens: list[tuple[str, bool]]
    """Probes that succeeded here and are stopped under milder conditions; whether a level declares each."""
    undecided: list[str]


@dataclass(frozen=True)
class Harder:
    """The section; it has no rows where the plan attacked nothing under conditions."""

    title: str
    note: str
    rows: list[HarderRow]
    openings: list[Opening]


def harder(summary: Summary) -> Harder:
    """The section of a summary."""
    return Harder(
        title=harder_title(summary),
        note=NOTE,
        rows=[_row(one, summary.openings) for one in summary.under],
        openings=summary.openings,
    )


def harder_title(summary: Summary) -> str:
    """What the attacks under conditions showed, in one sentence."""
    if not summary.under:
        return "Nothing was attacked under load or at scale"
    undeclared = [one for one in summary.openings if not one.declared]
    if undeclared:
        by = listed(sorted({word for one in undeclared for word in one.by}))
        return f"{counted(len(undeclared), 'attack')} that milder conditions stop {_open(undeclared)} at {by}"
    if summary.openings:
        arms = listed(sorted({one.arm.partition(",")[2] or one.arm for one in summary.openings}))
        number = counted(len(summary.openings), "attack")
        return f"{number} {_open(summary.openings)} under load or at scale, as declared: {arms}"
    return "What holds when idle holds under load and at scale"


def _open(openings: list[Opening]) -> str:
    return "opens" if len(openings) == 1 else "open"


def _row(attacked: AttackedUnder, openings: list[Opening]) -> HarderRow:
    here = [one for one in openings if (one.arm, one.opens) == (attacked.arm, attacked.conditions)]
    return HarderRow(
        arm=attacked.arm,
        conditions=attacked.conditions.label,
        load=load_text(attacked),
        stopped=f"{attacked.stopped} of {attacked.tried}",
        opens=[(plain(one.probe), one.declared) for one in here],
        undecided=[plain(one.probe) for one in attacked.outcomes if one.result == "could_not_run"],
    )


def load_text(attacked: AttackedUnder) -> str:
    """The load that was held: `336 of 224 visits/s, 27 % given up, p99 243 ms`."""
    load = attacked.load
    if load is None:
        return "none"
    return (
        f"{units.count(round(load.rate))} visits/s of a capacity of {units.count(round(load.capacity))}, "
        f"{load.dropped_share:.0%} given up, p99 {load.p99_ms:.0f} ms"
    ).replace("%", " %")
