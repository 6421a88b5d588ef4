"""The report as JUnit XML: a test case for each factor's attacks, each price and each scanner, and one for the verdict.

What was not measured is skipped with its reason, never passed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tradeoff.judge.summary import AttackedArm, AttackedUnder, AttackOutcome, Opening, Row, ScanJudged, Summary
from tradeoff.report.page import template
from tradeoff.report.scan_view import finding, seen_by
from tradeoff.report.words import counted, listed, mix_price, request_price

# Characters that XML 1.0 can't carry (https://www.w3.org/TR/xml/#charsets).
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Case:
    """A test case: at most one of `failure` and `skipped` says why it did not pass."""

    name: str
    output: str = ""
    failure: str = ""
    skipped: str = ""


@dataclass(frozen=True)
class Suite:
    """Test cases of one kind."""

    name: str
    cases: Sequence[Case]

    @property
    def failures(self) -> int:
        """Cases that failed."""
        return sum(bool(case.failure) for case in self.cases)

    @property
    def skipped(self) -> int:
        """Cases that were not measured."""
        return sum(bool(case.skipped) for case in self.cases)


def render_junit(summary: Summary) -> str:
    """The report as one XML document."""
    suites = [
        Suite("attacks", [_attacks(row, summary.attacked) for row in summary.rows]),
        Suite("under load and at scale", [_under(one, summary.openings) for one in summary.under]),
        Suite("prices", [_price(row) for row in summary.rows]),
        Suite("scan", list(_scan(summary.scan))),
        Suite("not measured", [Case(gap.subject, skipped=gap.reason) for gap in summary.not_measured]),
        Suite("run", [_verdict(summary)]),
    ]
    return _NO_XML.sub("\ufffd", template("junit.xml.j2").render(summary=summary, suites=suites))


def _attacks(row: Row, attacked: Iterable[AttackedArm]) -> Case:
    """All arms' outcomes of the attacks that a factor is meant to stop."""
    outcomes = [(arm.arm, one) for arm in attacked for one in arm.outcomes if one.control == row.factor]
    said = _said(outcomes)
    broken = [f"{one.probe} on {arm}: {one.evidence}" for arm, one in outcomes if _undeclared(one)]
    if broken:
        return Case(row.factor, said, failure="succeeded and is declared by no level: " + "\n".join(broken))
    if not any(one.result in ("stopped", "succeeded") for _, one in outcomes):
        return Case(row.factor, said, skipped=_why_none(outcomes))
    return Case(row.factor, said)


def _under(attacked: AttackedUnder, openings: Iterable[Opening]) -> Case:
    """An arm's outcomes under conditions, with what opens there."""
    outcomes = [(attacked.arm, one) for one in attacked.outcomes]
    here = [one.sentence for one in openings if (one.arm, one.opens) == (attacked.arm, attacked.conditions)]
    said = "\n".join([_said(outcomes), *here])
    broken = [f"{one.probe}: {one.evidence}" for _, one in outcomes if _undeclared(one)]
    failure = "succeeded and is declared by no level: " + "\n".join(broken) if broken else ""
    return Case(f"{attacked.arm} at {attacked.conditions.label}", said, failure=failure)


def _undeclared(outcome: AttackOutcome) -> bool:
    return outcome.result == "succeeded" and not outcome.declared


def _said(outcomes: Sequence[tuple[str, AttackOutcome]]) -> str:
    """How many attacks were stopped, and each of the others."""
    stopped = sum(one.result == "stopped" for _, one in outcomes)
    others = [f"{one.probe} on {arm}: {_result(one)}" for arm, one in outcomes if one.result != "stopped"]
    return "\n".join([f"{counted(stopped, 'attack')} stopped", *others])


def _result(outcome: AttackOutcome) -> str:
    if outcome.result == "succeeded":
        return f"succeeded, {'as declared' if outcome.declared else 'undeclared'}"
    return f"{outcome.result.replace('_', ' ')}: {outcome.evidence}"


def _why_none(outcomes: Sequence[tuple[str, AttackOutcome]]) -> str:
    reasons = sorted({one.evidence for _, one in outcomes})
    return f"no attack ran: {listed(reasons)}" if reasons else "no attack ran"


def _price(row: Row) -> Case:
    if row.price_us is None:
        return Case(row.factor, skipped="not priced")
    mix = f"; over the mix {mix_price(row).text}" if row.mix_share else ""
    return Case(row.factor, f"{request_price(row).text}{mix}; {row.decision}: {row.reason}")


def _scan(scan: ScanJudged | None) -> Iterable[Case]:
    if scan is None:
        yield Case("static scan", skipped="the code was not scanned")
        return
    for scanner in scan.scanners:
        name = str(scanner.get("name"))
        found = [finding(one, expected=False) for one in scan.unexpected if name in seen_by(one)]
        skipped = scanner.get("skipped")
        broken = [f"{one.place} {one.name}: {one.message}" for one in found]
        broken += [f"skipped {one}" for one in skipped] if isinstance(skipped, list) else []
        yield Case(name, f"{counted(len(found), 'unexpected finding')}", failure="\n".join(broken))
    for one in scan.missing:
        lost = finding(one)
        yield Case(f"{lost.name} in {lost.place}", failure=f"{lost.standing}, but not reported")


def _verdict(summary: Summary) -> Case:
    reasons = "\n".join(summary.verdict_reasons)
    match summary.verdict:
        case "pass":
            return Case("verdict", reasons)
        case "inconclusive":
            return Case("verdict", skipped=f"inconclusive: {reasons}")
        case _:
            return Case("verdict", failure=f"{summary.verdict}: {reasons}")
