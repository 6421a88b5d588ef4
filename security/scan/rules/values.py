"""What the taint interpreter knows of a value, and of the names at one point of a function."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

#: Stands in a prefix for text that is not known and not the client's.
TRUSTED = "\0"
ANY = "*"


class Source(NamedTuple):
    """Where data comes from: a request, or whoever calls a public function. `name` is the access as it is written."""

    kind: Literal["request", "caller"]
    name: str

    def within(self, other: Source) -> bool:
        """Whether this is the other one or a part of it."""
        return self == other or self.name.startswith((f"{other.name}.", f"{other.name}["))


class Clearance(NamedTuple):
    """A check has shown that a source is harmless where `weakness` looks (ANY: everywhere)."""

    source: Source
    weakness: str


Clearances = frozenset[Clearance]
NOTHING: Clearances = frozenset()


@dataclass(frozen=True, slots=True)
class Value:
    """An abstract value. Without sources it is not the client's."""

    sources: frozenset[Source] = frozenset()
    #: Classes of weakness that a sanitiser has closed for it.
    safe: frozenset[str] = frozenset()
    #: Made of constants and of what a check has cleared, and of nothing else.
    known: bool = False
    #: Text or bytes, or something that is read as text.
    text: bool = False
    #: Put together from several pieces.
    built: bool = False
    #: The source itself and not something made of it.
    whole: bool = False
    #: The piece of the source that it is (`host`, `scheme`, …); a check of a piece clears little.
    part: str = ""
    #: The constant text with which it begins.
    prefix: str = ""
    like_sql: bool = False
    #: A path that was made absolute: comparing its beginning means something.
    resolved: bool = False
    #: What kind of object it is: `request`, `self:NAME`, `model:NAME`, `made:DOTTED`.
    role: str = ""

    def derived(self, **changes: object) -> Value:
        """A value made of this one."""
        return replace(self, **({"whole": False} | changes))  # type: ignore[arg-type]  # names are the fields above

    def refined(self, suffix: str) -> Value:
        """A member of a source, which is a source of its own."""
        sources = frozenset(Source(one.kind, f"{one.name}{suffix}") for one in self.sources)
        return Value(sources=sources, safe=self.safe, text=True, whole=True)


TRUST = Value(prefix=TRUSTED)
CLEAN = Value(known=True)


def joined(values: Iterable[Value]) -> Value:
    """One of these values, not known which; also: something that holds them all."""
    all_values = list(values)
    if not all_values:
        return CLEAN
    first = all_values[0]
    if all(value == first for value in all_values):
        return first
    carrying = [value for value in all_values if value.sources]
    return Value(
        sources=frozenset(source for value in carrying for source in value.sources),
        safe=frozenset.intersection(*(value.safe for value in carrying)) if carrying else frozenset(),
        known=all(value.known for value in all_values),
        text=any(value.text for value in all_values),
        built=any(value.built for value in all_values),
        part=first.part if all(value.part == first.part for value in carrying) else "",
        prefix=min((value.prefix for value in carrying or all_values), key=len),
        like_sql=any(value.like_sql for value in all_values),
        resolved=all(value.resolved for value in carrying) if carrying else False,
        role=next((value.role for value in all_values if value.role), ""),
    )


class Effects(NamedTuple):
    """What is cleared where a test is true, and where it is false."""

    true: Clearances = NOTHING
    false: Clearances = NOTHING


@dataclass
class State:
    """Names and clearances at one point. `live` is false behind a return or raise."""

    names: dict[str, Value] = field(default_factory=dict)
    cleared: Clearances = NOTHING
    tests: dict[str, Effects] = field(default_factory=dict)
    live: bool = True

    def copy(self) -> State:
        """An independent copy."""
        return State(dict(self.names), self.cleared, dict(self.tests), self.live)

    def become(self, other: State) -> None:
        """Take another state's place."""
        self.names, self.cleared, self.tests, self.live = other.names, other.cleared, other.tests, other.live

    def is_cleared(self, source: Source, weakness: str) -> bool:
        """Whether a check has cleared this source."""
        return any(source.within(one.source) for one in self.cleared if one.weakness in (ANY, weakness))

    def unsafe(self, value: Value, weakness: str) -> list[Source]:
        """The sources of a value that are dangerous where `weakness` looks, in order."""
        if weakness in value.safe:
            return []
        return sorted(source for source in value.sources if not self.is_cleared(source, weakness))

    def settled(self, value: Value) -> Value:
        """The value with what has been cleared so far written into it."""
        if not value.sources or not self.cleared:
            return value
        rest = frozenset(source for source in value.sources if not self.is_cleared(source, ANY))
        if not rest:
            return replace(value, sources=rest, known=True, whole=False)
        safe = {one.weakness for one in self.cleared} - {ANY}
        closed = {name for name in safe if all(self.is_cleared(source, name) for source in rest)}
        return replace(value, sources=rest, safe=value.safe | closed)


def merged(states: Iterable[State]) -> State:
    """The state where several paths meet; of dead ones nothing comes."""
    alive = [state for state in states if state.live]
    if not alive:
        return State(live=False)
    if len(alive) == 1:
        return alive[0]
    cleared = frozenset.intersection(*(state.cleared for state in alive))
    names: dict[str, Value] = {}
    for name in {name for state in alive for name in state.names}:
        here = [state.settled(state.names[name]) for state in alive if name in state.names]
        names[name] = joined(here)
    tests = {name: test for name, test in alive[0].tests.items() if all(one.tests.get(name) == test for one in alive)}
    return State(names, cleared, tests)
