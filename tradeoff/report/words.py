"""A row of the trade-off table in words. Every kind of report takes its cells from here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tradeoff.judge.summary import Decision, Domination, Interval, Row, Summary
from tradeoff.report import units

NOT_MEASURED = "not measured"
OUTSIDE_THE_MIX = "not in your mix"
UNCERTAIN = "not distinguishable from 0"

PER_REQUEST = {
    "anonymous_reader": "an anonymous read",
    "signed_in_reader": "a signed-in read",
    "author": "an author's request",
    "log_in": "a log-in",
}
"""What one request of a journey is called; a journey of another target is named by its own words."""

SMALL_NUMBERS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)

DECISION_WORDS: dict[Decision, str] = {
    "keep": "keep",
    "review": "review",
    "trap": "TRAP",
    "no trap seen": "no trap seen",
    "not measured": NOT_MEASURED,
}


@dataclass(frozen=True)
class Price:
    """A price in words: its figure, its interval, and of what it is the price."""

    figure: str
    bounds: str = ""
    per: str = ""
    certain: bool = False
    """Whether the interval excludes zero."""

    @property
    def text(self) -> str:
        """All of it: `+41.9 ms [41.2, 42.6] a log-in`."""
        return " ".join(part for part in (self.figure, self.bounds, self.per) if part)


def plain(name: str) -> str:
    """A name as words: `signed_in_reader` is `signed in reader`."""
    return name.replace("_", " ")


def per_request(journey: str) -> str:
    """One request of a journey: `a log-in`."""
    return PER_REQUEST.get(journey) or f"a request of {plain(journey)}"


def request_price(row: Row) -> Price:
    """CPU added per request of the journey on which the factor's price is quoted."""
    return duration_price(row.price_us, per_request(row.journey))


def duration_price(us: Interval | None, per: str = "") -> Price:
    """A price in µs in words."""
    if us is None:
        return Price(NOT_MEASURED)
    if not us.excludes(0):
        return Price(UNCERTAIN, units.duration_bounds(us, with_unit=True), per)
    return Price(units.duration_figure(us), units.duration_bounds(us), per, certain=True)


def mix_price(row: Row) -> Price:
    """The price over the mix, as a share of the reference's CPU."""
    share = row.mix_share
    if share is None:
        return Price(NOT_MEASURED if row.price_us is None else OUTSIDE_THE_MIX)
    return Price(units.percent_figure(share), units.percent_bounds(share), certain=share.excludes(0))


def domination_text(one: Domination) -> str:
    """`password_hash: bcrypt_12 is as strong as argon2id_64mib and saves +120 ms [118, 122] a log-in`."""
    saved = units.duration_interval(one.saved_us, signed=False)
    return f"{one.factor}: {one.better} is as strong as {one.worse} and saves {saved} {per_request(one.journey)}"


def row_label(row: Row) -> str:
    """A control goes by its name; an optimisation by the level whose price and danger are shown."""
    return row.factor if row.kind == "control" else f"{row.factor} = {row.weak}"


def attacks_text(row: Row) -> str:
    """A control: attacks stopped; an optimisation: attacks that its level opens."""
    if not row.attacks:
        return "none ran"
    if row.kind == "control":
        return f"{row.stopped} of {row.attacks}"
    return f"opens {len(row.opened)}" if row.opened else "opens 0"


def short_setting(factor: str, level: str, most: int) -> tuple[str, str]:
    """A factor and its level, cut so that both together have at most so many characters; the level loses less."""
    level = cut(level, most * 3 // 5)
    return cut(factor, most - len(level)), level


def cut(text: str, most: int) -> str:
    """The text in at most so many characters, with an ellipsis where some are left out."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def decision_text(row: Row) -> str:
    """The decision as one word, a trap in capitals."""
    return DECISION_WORDS[row.decision]


def needs_reason(row: Row) -> bool:
    """Whether the decision asks something of the reader, so that its reason must stand beside it."""
    return row.decision != "keep"


def ordered(rows: Sequence[Row]) -> list[Row]:
    """Controls first, the dearest over the mix leading; then optimisations, the largest gain leading; unpriced last."""
    return sorted(rows, key=lambda row: (row.kind != "control", *_cost_key(row)))


def _cost_key(row: Row) -> tuple[int, float]:
    sign = -1 if row.kind == "control" else 1
    if row.mix_share is not None:
        return 0, sign * row.mix_share.value
    if row.price_us is not None:
        return 1, sign * row.price_us.value
    return 2, 0.0


def gaps_by_reason(summary: Summary) -> dict[str, list[str]]:
    """What was not measured: subjects by their common reason, in the order of the run."""
    gaps: dict[str, list[str]] = {}
    for gap in summary.not_measured:
        gaps.setdefault(gap.reason, []).append(gap.subject)
    return gaps


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def spelled(number: int) -> str:
    """A small number as a word."""
    return SMALL_NUMBERS[number] if number < len(SMALL_NUMBERS) else str(number)


def plural(number: int, singular: str, several: str | None = None) -> str:
    """The noun that fits the number, without it."""
    return singular if number == 1 else several or f"{singular}s"


def counted(number: int, singular: str, several: str | None = None) -> str:
    """A number with its noun: `1 attack`, `1,200 attacks`."""
    return f"{units.count(number)} {plural(number, singular, several)}"


def sentence(text: str) -> str:
    """The text with a full stop, added where it is missing."""
    text = text.strip()
    return text + "." if text and text[-1] not in ".!?" else text
