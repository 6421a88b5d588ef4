"""Objects and accounts of somebody else, deleted (OWASP API1)."""

from __future__ import annotations

from collections.abc import Iterator

from security.stranger.check import NothingToAttackError, Tries
from security.stranger.checks.object_level import reading_of
from security.stranger.checks.victims import extra, victim_of
from security.stranger.checks.views import thing_of
from security.stranger.discovery import create, creations, home, item_operations
from security.stranger.finding import Flaw, flaw, good
from security.stranger.operation import Operation
from security.stranger.world import World


def object_deleted(world: World, tries: Tries) -> Iterator[Flaw]:
    """The second identity deletes an object of the first, which is gone then."""
    operations = [one for one in item_operations(world, "DELETE") if not one.looks_administrative]
    if not operations:
        raise NothingToAttackError("No operation deletes an object.")
    if not world.destructive:
        tries.undecided = "Deleting is not tried outside loopback unless it is asked for (--destructive)."
        return
    for operation in operations:
        yield from _delete(world, operation, tries)


def _delete(world: World, operation: Operation, tries: Tries) -> Iterator[Flaw]:
    # An account that is deleted can't be attacked any more: that is somebody else's than those of other attacks.
    victim = world.alice if victim_of(world, operation) is world.alice else extra(world, "fay", "f")
    if victim is None:
        return
    maker = next((one for one in creations(world) if home(world, one) == operation.parent), None)
    if maker is not None and victim is world.alice:
        create(world, maker, victim)
    params = world.params(operation, victim, own=True)
    if params is None:
        return
    place = operation.places[-1]
    thing = thing_of(world, world.request(operation, victim, params)) or world.things.keyed(
        operation.parent, victim.name, place, params[place]
    )
    reading = reading_of(world, operation, victim, params, thing)
    if reading is None:
        return
    before = world.send(victim, reading)
    if not before.ok:
        return
    tries.expect(1)
    theirs = world.send(world.bob, world.request(operation, world.bob, params))
    tries.count()
    after = world.send(victim, reading)
    if not theirs.ok:
        return
    key = str(list(params.values())[-1])
    was, still = key in before.answer.text, after.ok and key in after.answer.text
    if after.status in (401, 403, 404, 410):
        ended = {"of": 2, "status": [401, 410]}
    elif was and not still:
        ended = {"of": 2, "lacks": key}
    else:
        return
    conditions = [good(0), good(1), ended]
    yield flaw(theirs, f"Bob deletes what {victim.name.title()} owns; it is gone.", [before, theirs, after], conditions)
