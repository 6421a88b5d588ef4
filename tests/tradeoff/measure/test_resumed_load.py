"""What a resumed run takes over of searches and scalings that it had recorded."""

from __future__ import annotations

from tests.tradeoff.measure.queueing import Server
from tradeoff.measure.runner import what_is_done
from tradeoff.record.events import AnyEvent, CapacityRound, CapacitySlice, ScaleEnded, ScaleSlice


def capacity_slice(number: int, group: str = "g") -> CapacitySlice:
    return CapacitySlice(group=group, arm="a", round=number, look=False, slice=Server((100.0,))(50.0, 2.0, seed=1))


def test_whole_rounds_are_kept_and_torn_ones_are_made_again() -> None:
    """By group; the slices of a round without its end are not handed on."""
    events: list[AnyEvent] = [
        capacity_slice(0),
        capacity_slice(0, "other"),
        CapacityRound(group="g", round=0),
        capacity_slice(1),
    ]
    done = what_is_done(events)
    assert {number: len(slices) for number, slices in done.capacity("g").items()} == {0: 1}
    assert done.capacity("other") == {}


def test_a_scaling_is_done_when_it_ended() -> None:
    """Its slices alone do not make it so."""
    one = Server((100.0,))(50.0, 2.0, seed=1)
    part = ScaleSlice(arm="a", workers=1, articles=1, users=1, round=0, slice=one)
    assert what_is_done([part]).scalings == frozenset()
    assert what_is_done([part, ScaleEnded(arm="a", cores=1)]).scalings == {"a"}
