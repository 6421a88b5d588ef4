"""Objects of somebody else, named in the body of a request (OWASP API1)."""

from __future__ import annotations

from collections.abc import Iterator

from security.stranger.check import NothingToAttackError, Tries
from security.stranger.checks.views import Sharing, moved_in, view
from security.stranger.discovery import actions, changes_password, creations, overlaid
from security.stranger.finding import Flaw, flaw, good
from security.stranger.operation import Operation, singular, words_of
from security.stranger.things import Thing
from security.stranger.world import World

# Words of a property that say nothing of which thing it means.
NO_NOUNS = {"id", "from", "source", "uuid", "slug", "ref", "key", "number", "code"}


def object_named(world: World, tries: Tries) -> Iterator[Flaw]:
    """The second identity names an object of the first in a body, and is shown it or changes it."""
    sharing, references = Sharing(world), list(_references(world))
    if not references:
        raise NothingToAttackError("No operation takes the id of an identity's own object in its body.")
    for operation, name, thing in references:
        if sharing.is_shared(thing):
            continue
        key = thing.key("id") if words_of(name) != "code" else thing.data.get("code")
        tries.expect(1)
        before = view(world, world.alice, thing)
        params = world.params(operation, world.bob) or {}
        body = overlaid(world.body(operation, world.bob, world.mark()), {name: key})
        theirs = world.send(world.bob, world.request(operation, world.bob, params, body))
        tries.count()
        after = view(world, world.alice, thing)
        if not theirs.ok or before is None or after is None:
            continue
        if thing.mark and thing.mark in theirs.answer.text:
            yield flaw(
                theirs,
                f"Bob names Alice's object in {name} and is shown it.",
                [theirs],
                [good(0, contains=thing.mark)],
                name,
            )
        elif moved := moved_in(before, after):
            yield flaw(
                theirs,
                f"Bob names Alice's object in {name}; her {moved} is another then.",
                [before, theirs, after],
                [good(1), {"of": 2, "changed_at": [0, moved]}],
                name,
            )


def _references(world: World) -> Iterator[tuple[Operation, str, Thing]]:
    for operation in (*actions(world), *creations(world)):
        if operation.body is None or operation.looks_administrative or changes_password(world, operation):
            continue
        if operation.hears_notices:
            continue  # said by a third party, not by an identity: `webhook_unsigned` asks who may say it
        for name in world.document.schemas.properties(operation.body.schema):
            words = [singular(word) for word in words_of(name).split(" ")]
            if words[0] in ("to", "target", "recipient"):
                continue
            nouns = [word for word in words if word not in NO_NOUNS]
            thing = world.things.named(nouns[-1], world.alice.name) if nouns else None
            if thing is not None and thing.owner == world.alice.name and thing.collection != operation.base:
                yield operation, name, thing
