"""The small applications of these tests, and how each is attacked."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette

from security.stranger.document import read_document
from security.stranger.suite import Report, attack
from tests.security.stranger import club_app, notes_app, press_app, shop_app
from tests.security.stranger.serving import served


@dataclass(frozen=True)
class Application:
    """An application: its flaws with the checks that find them, and what else then stands open."""

    build: Callable[[set[str]], Starlette]
    document: Callable[[set[str]], str]
    flaws: Mapping[str, str]
    also: frozenset[str] = frozenset()
    identities: Sequence[Mapping[str, Any]] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


KEYS = {
    f"TRADEOFF_{who}_{what}": value
    for who, one in zip(("ALICE", "BOB"), press_app.IDENTITIES, strict=True)
    for what, value in (
        ("HEADER_X_API_KEY", one["headers"]["X-Api-Key"]),
        ("USERNAME", one["username"]),
        ("EMAIL", one["email"]),
    )
}
APPLICATIONS = {
    # A token that resets a password is a secret in an answer as well.
    "notes": Application(
        notes_app.build, lambda _: json.dumps(notes_app.DOCUMENT), notes_app.FLAWS, frozenset({"secret_fields"})
    ),
    "shop": Application(shop_app.build, shop_app.document, shop_app.FLAWS),
    # A member's details are somebody else's personal fields as well.
    "club": Application(
        club_app.build, lambda _: json.dumps(club_app.DOCUMENT), club_app.FLAWS, frozenset({"secret_fields"})
    ),
    "press": Application(
        press_app.build,
        lambda _: json.dumps(press_app.DOCUMENT),
        press_app.FLAWS,
        frozenset(),
        press_app.IDENTITIES,
        KEYS,
    ),
}


@contextmanager
def running(name: str, flaws: set[str]) -> Iterator[str]:
    """The URL of an application with these flaws."""
    with served(APPLICATIONS[name].build(flaws)) as url:
        yield url


def attacked(name: str, flaws: set[str], **options: Any) -> Report:
    """What an attack on an application with these flaws gives."""
    application = APPLICATIONS[name]
    with running(name, flaws) as url:
        return attack(url, read_document(application.document(flaws)), application.identities, **options)
