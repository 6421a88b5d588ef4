"""The matrix of attacks against treatments: a row a probe, grouped by the control that stops it; a column an arm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tradeoff.judge.summary import AttackedArm, AttackOutcome, Summary
from tradeoff.report.words import counted, cut, listed, plain, short_setting

HEAD_AT_MOST = 32
"""Characters of a column's head; the whole name stands in its title."""


@dataclass(frozen=True)
class Mark:
    """How an outcome is shown: a symbol, a class for its colour, and words for those who see neither."""

    symbol: str
    tone: str
    meaning: str


# U+FE0E asks for the text form of a character that some systems would draw as a coloured picture.
STOPPED = Mark("✓", "stopped", "stopped")
DECLARED = Mark("✗", "declared", "succeeded, as the level declares")
UNDECLARED = Mark("‼\ufe0e", "undeclared", "succeeded, and no level declares it")
NOT_APPLICABLE = Mark("–", "other", "not applicable")
COULD_NOT_RUN = Mark("?", "unknown", "could not run")
NOT_TRIED = Mark("", "blank", "not tried")
LEGEND = (STOPPED, DECLARED, UNDECLARED, NOT_APPLICABLE, COULD_NOT_RUN)


@dataclass(frozen=True)
class Cell:
    """An outcome; `own` marks the rows of the factor that the arm changes."""

    mark: Mark
    own: bool


@dataclass(frozen=True)
class ProbeRow:
    """A probe and its outcome in each column."""

    probe: str
    cells: list[Cell]


@dataclass(frozen=True)
class Group:
    """The probes of one control, with the OWASP ids of its threat."""

    control: str
    owasp: str
    rows: list[ProbeRow]


@dataclass(frozen=True)
class Column:
    """An arm: `factor` and `level` for its head, and its outcomes that are no plain stop, for the list on phones."""

    arm: str
    factor: str
    level: str
    tag: str
    starts: bool
    score: str
    succeeded: int
    notable: list[tuple[Mark, str]]


@dataclass(frozen=True)
class Evidence:
    """What an attack showed."""

    arm: str
    probe: str
    mark: Mark
    text: str


@dataclass(frozen=True)
class AttackMatrix:
    """The picture; it has no columns where nothing was attacked."""

    title: str
    note: str
    columns: list[Column]
    groups: list[Group]
    legend: tuple[Mark, ...]
    evidence: list[Evidence]


def mark(outcome: AttackOutcome | None) -> Mark:
    """How an outcome is shown."""
    if outcome is None:
        return NOT_TRIED
    if outcome.result == "succeeded":
        return DECLARED if outcome.declared else UNDECLARED
    return {"stopped": STOPPED, "not_applicable": NOT_APPLICABLE, "could_not_run": COULD_NOT_RUN}[outcome.result]


def attack_matrix(summary: Summary) -> AttackMatrix:
    """The picture of all arms that were attacked."""
    arms = summary.attacked
    return AttackMatrix(
        title=_title(summary),
        note=_note(arms),
        columns=[_column(arm, before) for arm, before in zip(arms, [None, *arms], strict=False)],
        groups=_groups(summary),
        legend=LEGEND,
        evidence=list(_evidence(arms)),
    )


def _column(arm: AttackedArm, before: AttackedArm | None) -> Column:
    factor, level = _head(arm)
    return Column(
        arm=arm.arm,
        factor=factor,
        level=level,
        tag=arm.tag,
        starts=before is not None and before.changed.keys() != arm.changed.keys(),
        score=f"{arm.stopped} of {arm.tried}",
        succeeded=arm.tried - arm.stopped,
        notable=[(mark(one), one.probe) for one in arm.outcomes if one.result != "stopped"],
    )


def _head(arm: AttackedArm) -> tuple[str, str]:
    """Factor and level of an arm that changes one factor; a profile has its name as level."""
    if len(arm.changed) == 1:
        ((factor, level),) = arm.changed.items()
        return short_setting(factor, level, HEAD_AT_MOST)
    return "", cut(arm.arm, HEAD_AT_MOST)


def _groups(summary: Summary) -> list[Group]:
    owasp = {row.factor: ", ".join(row.owasp) for row in summary.rows}
    by_arm = [{one.probe: one for one in arm.outcomes} for arm in summary.attacked]
    groups: dict[str, Group] = {}
    for outcome in _probes(summary.attacked):
        control = outcome.control
        group = groups.setdefault(control, Group(control, owasp.get(control) or outcome.api, []))
        cells = [
            Cell(mark(found.get(outcome.probe)), control in arm.changed)
            for arm, found in zip(summary.attacked, by_arm, strict=True)
        ]
        group.rows.append(ProbeRow(outcome.probe, cells))
    return list(groups.values())


def _probes(arms: Iterable[AttackedArm]) -> Iterable[AttackOutcome]:
    """One outcome of each probe, in the order in which probes appear."""
    return {one.probe: one for arm in reversed(list(arms)) for one in arm.outcomes}.values()


def _evidence(arms: Iterable[AttackedArm]) -> Iterable[Evidence]:
    for arm in arms:
        for outcome in arm.outcomes:
            if outcome.result != "stopped":
                yield Evidence(arm.arm, outcome.probe, mark(outcome), outcome.evidence)


def _title(summary: Summary) -> str:
    if not summary.attacked:
        return "Nothing was attacked"
    undeclared = [
        (arm.arm, one.probe)
        for arm in summary.attacked
        for one in arm.outcomes
        if one.result == "succeeded" and not one.declared
    ]
    if undeclared:
        names = listed(sorted({plain(probe) for _, probe in undeclared})[:3])
        return f"{counted(len(undeclared), 'attack')} succeeded that no level declares: {names}"
    reference = _reference(summary)
    opened = sum(arm.tried - arm.stopped for arm in summary.attacked if arm is not reference)
    others = f"elsewhere {counted(opened, 'attack')} succeeded, each one declared"
    if reference is None:
        return others[0].upper() + others[1:]
    share = "all" if reference.stopped == reference.tried else f"{reference.stopped} of"
    return f"{reference.arm} stops {share} {counted(reference.tried, 'attack')}; {others}"


def _reference(summary: Summary) -> AttackedArm | None:
    """The profile that stops most, which the others are held against."""
    profiles = [arm for arm in summary.attacked if not arm.changed and arm.tried]
    return max(profiles, key=lambda arm: (arm.stopped / arm.tried, arm.tried), default=None)


def _note(arms: list[AttackedArm]) -> str:
    probes = len(list(_probes(arms)))
    return (
        f"{counted(probes, 'probe')} against {counted(len(arms), 'treatment')}, each on a database restored before it. "
        "Outlined cells are the attacks that the changed factor is there to stop."
    )
