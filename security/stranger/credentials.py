"""Finds the credential in the answer to a log-in or registration, and the ways in which it may be sent."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any

from security.regression.exchange import Exchange, take
from security.stranger.actor import Actor, Credential
from security.stranger.leaves import leaves

# The likeliest names of a token first; a refresh token is none.
NAMES = (
    r"\baccess token\b",
    r"\b(token|jwt|bearer)$",
    r"\b(api ?key|apikey)\b",
    r"\b(auth|authorization|credential)\b",
    r"\b(session|session id|sid|key)$",
)
NO_TOKEN = re.compile(r"\b(refresh|csrf|xsrf|reset|expires?|type|scope)\b")
JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
SHORTEST = 8
HEADERS = ("authorization", "x-auth-token", "x-access-token", "x-api-key", "x-session-token")


def tokens_in(exchange: Exchange) -> list[Any]:
    """What may be a token in an answer, the likeliest first."""
    texts = [one for one in leaves(exchange.answer.json()) if isinstance(one.value, str) and len(one.value) >= SHORTEST]
    texts = [one for one in texts if not NO_TOKEN.search(one.words) and " " not in one.value]
    ranked = [one for pattern in NAMES for one in texts if re.search(pattern, one.words)]
    ranked += [one for one in texts if JWT.fullmatch(one.value)]
    found = [take(one.value, exchange, one.pointer) for one in ranked]
    for name in HEADERS:
        value = exchange.answer.header(name)
        if value and " " not in value:
            found.append(take(value, exchange, f" header {name}"))
    return list(dict.fromkeys(found))


def ways(token: Any, schemes: Mapping[str, Mapping[str, Any]], actor: Actor, *, api_key: bool) -> Iterator[Credential]:
    """Credentials that carry the token, declared ways first and then the usual ones."""
    tried = [*_declared(token, schemes), *_usual(token, api_key=api_key)]
    for one in tried:
        yield Credential(
            one.headers, one.query, {**actor.credential.cookies, **one.cookies}, dict(actor.credential.csrf)
        )


def _declared(token: Any, schemes: Mapping[str, Mapping[str, Any]]) -> Iterator[Credential]:
    for scheme in schemes.values():
        kind, name, place = scheme.get("type"), str(scheme.get("name", "")), scheme.get("in")
        if (kind == "http" and str(scheme.get("scheme", "")).lower() == "bearer") or kind in (
            "oauth2",
            "openIdConnect",
        ):
            yield Credential({"Authorization": ("Bearer ", token)})
        elif kind == "apiKey" and place == "header" and name.lower() == "authorization":
            said = str(scheme.get("description", ""))
            prefixes = sorted(("Bearer ", "Token ", ""), key=lambda prefix: prefix.strip() not in said or not prefix)
            yield from (Credential({name: (prefix, token)}) for prefix in prefixes)
        elif kind == "apiKey" and place == "header" and "csrf" not in name.lower():
            yield Credential({name: (token,)})
        elif kind == "apiKey" and place == "query":
            yield Credential({}, {name: token})
        elif kind == "apiKey" and place == "cookie":
            yield Credential({}, {}, {name: token})


def _usual(token: Any, *, api_key: bool) -> Iterator[Credential]:
    bearer = [Credential({"Authorization": (prefix, token)}) for prefix in ("Bearer ", "Token ", "")]
    keys = [Credential({name: (token,)}) for name in ("X-API-Key", "X-Auth-Token")]
    yield from (*keys, *bearer) if api_key else (*bearer, *keys)


def basic(actor: Actor) -> Iterator[Credential]:
    """User name, or e-mail address, and password with every request (RFC 7617)."""
    for name in (actor.persona.username, actor.persona.email):
        pair = base64.b64encode(f"{name}:{actor.persona.password}".encode()).decode()
        yield Credential({"Authorization": ("Basic ", pair)})
