"""Tokens against forged requests: where an application hands them out, and how they are sent back."""

from __future__ import annotations

import re

from security.regression.exchange import Exchange, Request, take
from security.stranger.actor import Actor
from security.stranger.leaves import objects
from security.stranger.world import World


def prime(world: World, actor: Actor) -> None:
    """Fetch the cookie and token against forged requests, where the application hands one out."""
    wanted = next(
        (one for one in world.document.operations if one.method == "GET" and "csrf" in one.path.lower()), None
    )
    if wanted is None and not _speaks_of_csrf(world):
        return
    # Frameworks set the cookie with any page; the log-in's own is the likeliest.
    page = world.log_in or world.register
    request = world.request(wanted, actor) if wanted else Request("GET", page.path if page else "/")
    exchange = world.send(actor, request)
    actor.setup.append(exchange)
    keep_csrf(world, actor, exchange, r"csrf|xsrf|^token$")


def keep_csrf(world: World, actor: Actor, exchange: Exchange, keys: str) -> None:
    """Take a token against forged requests out of an answer, if it has one."""
    for pointer, one in objects(exchange.answer.json()):
        for key, value in one.items():
            if re.search(keys, key.lower()) and isinstance(value, str) and value:
                token = take(value, exchange, f"{pointer}/{key}")
                for header in _csrf_headers(world):
                    actor.credential.csrf[header] = (token,)


def _speaks_of_csrf(world: World) -> bool:
    parameters = (one.name for operation in world.document.operations for one in operation.parameters)
    said = (f"{operation.words}" for operation in world.document.operations)
    return any(re.search(r"csrf|xsrf", text.lower()) for text in (*parameters, *said, str(world.document.schemes)))


def _csrf_headers(world: World) -> list[str]:
    declared = [
        *(one.name for operation in world.document.operations for one in operation.parameters if one.place == "header"),
        *(str(scheme.get("name", "")) for scheme in world.document.schemes.values() if scheme.get("in") == "header"),
    ]
    named = list(dict.fromkeys(name for name in declared if re.search(r"csrf|xsrf", name.lower())))
    return named or ["X-CSRF-Token", "X-CSRFToken", "X-XSRF-TOKEN"]
