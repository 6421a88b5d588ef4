"""The answer of a run in plain words: what to switch on, what it costs, what to keep away from."""

from __future__ import annotations

from dataclasses import dataclass

from tradeoff.judge.summary import ArmPrice, Decision, Interval, Row, Summary
from tradeoff.report import units
from tradeoff.report.words import (
    counted,
    listed,
    ordered,
    plural,
    request_price,
    row_label,
    sentence,
    spelled,
)

NAMED_AT_MOST = 2


@dataclass(frozen=True)
class Answer:
    """A question's answer: `lead` asks ("It costs"), `text` answers; `tone` is the decision that colours it."""

    lead: str
    text: str
    tone: str


def rows_with(summary: Summary, *decisions: Decision) -> list[Row]:
    """Rows with one of these decisions, in the order of the table."""
    return [row for row in ordered(summary.rows) if row.decision in decisions]


def headline(summary: Summary) -> str:
    """The run in one sentence."""
    controls = [row for row in rows_with(summary, "keep") if row.kind == "control"]
    review, traps = rows_with(summary, "review"), rows_with(summary, "trap")
    parts = [
        _switch_on(controls, len(_controls(summary))) if controls else "",
        f"look again at {_names(review)}" if review else "",
        f"keep away from {_names(traps)}" if traps else "",
    ]
    said = listed([part for part in parts if part])
    if not said:
        return "Nothing was measured that decides anything" if summary.rows else "This run priced and attacked nothing"
    if not summary.complete:
        return f"Unfinished, so far: {said}"
    if summary.verdict == "invalid":
        return f"No price is valid; by the attacks alone: {said}"
    return said[0].upper() + said[1:]


def _controls(summary: Summary) -> list[Row]:
    return [row for row in summary.rows if row.kind == "control"]


def _switch_on(controls: list[Row], of: int) -> str:
    if len(controls) <= NAMED_AT_MOST:
        return f"switch on {_names(controls)}"
    everyone = "all " if len(controls) == of else ""
    return f"switch on {everyone}{spelled(len(controls))} controls"


def _names(rows: list[Row]) -> str:
    if len(rows) <= NAMED_AT_MOST:
        return listed([row_label(row) for row in rows])
    kind = "traps" if all(row.decision == "trap" for row in rows) else "factors"
    return f"{spelled(len(rows))} {kind}"


def answers(summary: Summary) -> list[Answer]:
    """The answers that this run can give, the most important first."""
    found = [
        _what_to_switch_on(summary),
        _what_it_costs(summary),
        *_of_rows(rows_with(summary, "review"), "Look again at"),
        *_of_rows(rows_with(summary, "trap"), "Keep away from"),
        _no_trap(summary),
        _not_measured(summary),
    ]
    return [answer for answer in found if answer is not None]


def _what_to_switch_on(summary: Summary) -> Answer | None:
    rows = [row for row in rows_with(summary, "keep") if row.kind == "control"]
    if not rows:
        return None
    stopped, tried = sum(row.stopped for row in rows), sum(row.attacks for row in rows)
    text = listed([f"{row.factor} ({row.strong})" for row in rows])
    if tried:
        text += f". Together they stop {stopped} of the {counted(tried, 'attack')} aimed at them"
    return Answer("Switch on", sentence(text), "keep")


def _what_it_costs(summary: Summary) -> Answer | None:
    controls = [row for row in rows_with(summary, "keep", "review") if row.kind == "control"]
    priced = [row for row in controls if row.mix_share is not None]
    if not priced:
        return None
    parts = [_total(summary, priced), _dearest(controls), _nothing_seen(controls)]
    missing = len(controls) - len(priced)
    if missing:
        parts.append(f"{counted(missing, 'control')} without a share of your mix are not in that sum.")
    return Answer("It costs", " ".join(filter(None, parts)), "cost")


def _total(summary: Summary, priced: list[Row]) -> str:
    together = measured_together(summary)
    if together is not None and together.ratio is not None:
        share = _against_the_arm(together.ratio)
        return f"{units.percent_interval(share)} CPU over your mix, all controls measured together."
    shares = [row.mix_share for row in priced if row.mix_share is not None]
    if len(shares) == 1:
        return f"{units.percent_interval(shares[0])} CPU over your mix."
    total = Interval(
        value=sum(share.value for share in shares),
        low=sum(share.low for share in shares),
        high=sum(share.high for share in shares),
    )
    return (
        f"{units.percent_interval(total)} CPU over your mix: {spelled(len(shares))} prices and their bounds added up."
    )


def _against_the_arm(ratio: Interval) -> Interval:
    """The reference's CPU above that of an arm, as a share of the reference's, from the ratio arm / reference."""
    return Interval(value=1 - ratio.value, low=1 - ratio.high, high=1 - ratio.low)


def measured_together(summary: Summary) -> ArmPrice | None:
    """The arm in which every control stands at its weakest level, where one was priced."""
    weakest = {row.factor: row.weak for row in _controls(summary)}
    fitting = (
        price
        for price in summary.prices
        if price.void is None and len(weakest) > 1 and weakest.items() <= price.treatment.items()
    )
    return next(fitting, None)


def _dearest(controls: list[Row]) -> str:
    certain = [row for row in controls if row.price_us is not None and row.price_us.low > 0]
    if not certain:
        return ""
    dearest = max(certain, key=lambda row: _share(row).value)
    return f"The dearest is {dearest.factor}: {request_price(dearest).text}."


def _share(row: Row) -> Interval:
    return row.mix_share or Interval(value=0, low=0, high=0)


def _nothing_seen(controls: list[Row]) -> str:
    unseen = [row for row in controls if row.price_us is not None and not row.price_us.excludes(0)]
    if not unseen:
        return ""
    verb = "costs" if len(unseen) == 1 else "cost"
    return f"{spelled(len(unseen)).capitalize()} {verb} nothing that this run could tell from zero."


def _of_rows(rows: list[Row], lead: str) -> list[Answer]:
    """Each with its reason; where there are many, their names: the table gives the reasons."""
    if len(rows) > NAMED_AT_MOST:
        return [Answer(lead, sentence(listed([row_label(row) for row in rows])), rows[0].decision)]
    return [Answer(lead, f"{row_label(row)}: {sentence(row.reason)}", row.decision) for row in rows]


def _no_trap(summary: Summary) -> Answer | None:
    rows = rows_with(summary, "no trap seen")
    if not rows:
        return None
    said = [f"{row_label(row)} ({request_price(row).text})" for row in rows]
    return Answer("No trap seen in", sentence(listed(said)), "no trap seen")


def _not_measured(summary: Summary) -> Answer | None:
    number = len(summary.not_measured)
    if not number:
        return None
    what = plural(number, "thing was", "things were")
    return Answer(
        "Not measured", f"{spelled(number).capitalize()} {what} not measured; the reasons stand below.", "none"
    )
