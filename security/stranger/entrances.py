"""Where one registers and logs in, by the words of the document."""

from __future__ import annotations

import re

from security.stranger.operation import LOG_IN, LOG_OUT, REGISTER, Operation, words_of
from security.stranger.world import World

PASSWORD = re.compile(r"\b(password|passwd|pwd|passphrase|pass|pin)\d?\b")
NO_LOG_IN = re.compile(
    r"\b(register|registration|sign ?up|signup|forgot|forgotten|reset|recover|password|refresh|verify|change)\b"
)
LOG_IN_ONLY = re.compile(
    r"\b(log ?in|sign ?in|signin|token|reset|forgot|change|admin|session|sessions|confirm|verify)\b"
)


def find_operations(world: World) -> None:
    """Find registration, log-in and the request that tells a signed-in identity from a visitor."""
    posts = [one for one in world.document.operations if one.method == "POST" and not one.places]
    world.register = _best(
        world, posts, REGISTER, first=r"\b(register|registration|sign ?up|signup)\b", never=LOG_IN_ONLY
    )
    world.log_in = _best(world, posts, LOG_IN, first=r"\b(log ?in|sign ?in|signin)\b", never=NO_LOG_IN)
    if world.log_in is world.register:
        world.log_in = None
    world.log_in = world.log_in or _unnamed(world, posts, world.register, smaller=True)
    world.register = world.register or _unnamed(world, posts, world.log_in, smaller=False)


def _unnamed(world: World, posts: list[Operation], other: Operation | None, *, smaller: bool) -> Operation | None:
    """A log-in or registration that no word gives away, beside the other one: a log-in asks for nothing further."""
    if other is None:
        return None
    asked = _asked(world, other)
    for one in posts:
        names = _asked(world, one)
        fits = names <= asked if smaller else names > asked
        if one is not other and fits and takes_password(world, one) and not NO_LOG_IN.search(one.path_words):
            return one
    return None


def _asked(world: World, operation: Operation) -> set[str]:
    """The properties that the operation's body may have."""
    return {name for name, _ in world.document.schemas.named(operation.body.schema)} if operation.body else set()


def _best(
    world: World, operations: list[Operation], fits: re.Pattern[str], *, first: str, never: re.Pattern[str]
) -> Operation | None:
    fitting = [
        one
        for one in operations
        if fits.search(one.path_words)
        and not never.search(one.path_words)
        and not LOG_OUT.search(one.path_words)
        and (one.body is None or not one.body.schema.get("properties") or takes_password(world, one))
    ]
    spoken = [
        one
        for one in operations
        if re.search(first, words_of(one.words)) and takes_password(world, one) and not never.search(one.path_words)
    ]
    ranked = sorted(fitting, key=lambda one: (not re.search(first, one.path_words), one.body is None, len(one.path)))
    return next(iter((*ranked, *spoken)), None)


def takes_password(world: World, operation: Operation) -> bool:
    """Whether the operation's body has a password in it."""
    return operation.body is not None and any(
        PASSWORD.search(words_of(name)) for name, _ in world.document.schemas.named(operation.body.schema)
    )
