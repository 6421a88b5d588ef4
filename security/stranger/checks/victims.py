"""Who is attacked: Alice, who is still needed, or somebody who may be changed, locked out or lost."""

from __future__ import annotations

from security.stranger.actor import Actor
from security.stranger.enrol import NoIdentityError, newcomer
from security.stranger.operation import Operation
from security.stranger.things import prefix_of
from security.stranger.world import World


def victim_of(world: World, operation: Operation) -> Actor | None:
    """Who is attacked: for an account or a session somebody new, since the first identity is still needed."""
    place = operation.places[-1]
    collection = prefix_of(operation, place)
    session = world.log_in is not None and collection == world.log_in.base
    if not session and not world.names_identity(collection, place):
        return world.alice
    return carol(world)


def carol(world: World) -> Actor | None:
    """A third identity that may be changed and locked out, or None where nobody can register."""
    return extra(world, "carol", "c")


def extra(world: World, name: str, letter: str) -> Actor | None:
    """A further identity of this name, made where it is not there yet; None where nobody can register."""
    known = next((one for one in world.identities if one.name == name), None)
    if known is None and world.can_register:
        try:
            known = newcomer(world, name, letter)
            world.identities.append(known)
        except NoIdentityError:
            return None
    return known
