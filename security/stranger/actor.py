"""Who acts against a stranger: a persona, the credential that was found for it, and what the target says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from security.regression.exchange import Exchange
from security.stranger.values import Persona

Pieces = str | tuple[Any, ...]


@dataclass
class Credential:
    """What is added to a request: headers and query parameters in pieces, cookies, and headers against forgery."""

    headers: dict[str, Pieces] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    cookies: dict[str, Any] = field(default_factory=dict)
    csrf: dict[str, Pieces] = field(default_factory=dict)

    def parts(self, *, csrf: bool = True) -> dict[str, Any]:
        """Headers and query, each value in pieces as it was put together."""
        headers = {**self.headers, **(self.csrf if csrf else {})}
        if self.cookies:
            pairs = [piece for name, value in self.cookies.items() for piece in ("; ", f"{name}=", value)]
            headers["Cookie"] = tuple(pairs[1:])
        return {"headers": headers, "query": dict(self.query)}

    def copy(self) -> Credential:
        """A credential that later changes of this one leave alone."""
        return Credential(dict(self.headers), dict(self.query), dict(self.cookies), dict(self.csrf))

    @property
    def tokens(self) -> list[Any]:
        """The secret pieces: tokens and cookie values."""
        pieces = [piece for value in self.headers.values() if isinstance(value, tuple) for piece in value]
        return [*(one for one in (*pieces, *self.query.values()) if len(str(one)) > 8), *self.cookies.values()]


@dataclass
class Actor:
    """An identity, or the visitor. `setup` are the exchanges that made it, `facts` what it is to the target."""

    name: str
    persona: Persona
    credential: Credential = field(default_factory=Credential)
    setup: list[Exchange] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    keeps_cookies: bool = True
    signed_in: bool = False

    def bearing(self, name: str, credential: Credential) -> Actor:
        """Someone who presents another credential and keeps no cookies."""
        return Actor(name, self.persona, credential, list(self.setup), dict(self.facts), keeps_cookies=False)


def joined(pieces: Mapping[str, Pieces]) -> dict[str, str]:
    """Header values as they are sent."""
    return {
        name: "".join(map(str, value)) if isinstance(value, tuple) else str(value) for name, value in pieces.items()
    }
