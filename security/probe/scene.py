"""What a probe is given: the people of this probe alone, the lab, and short words for the Conduit routes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from security.guard import Pinned
from security.probe.client import Client
from security.probe.identity import Identity, People, token_in
from security.probe.lab import Lab
from security.probe.outcome import CouldNotRunError
from security.probe.target import Account, ProbeTarget

CONNECTIONS_PER_WORKER = 24


@dataclass(frozen=True)
class Article:
    """An article that a probe wrote: `marker` stands in its title and body and nowhere else."""

    path: str
    marker: str

    @property
    def slug(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Scene:
    """One probe's surroundings."""

    target: ProbeTarget
    people: People
    lab: Lab

    @property
    def pinned(self) -> Pinned:
        """Where the target is, for what no HTTP client can send."""
        return self.people.pinned

    def path(self, tail: str) -> str:
        """The path of a Conduit route, such as `path("/articles")`."""
        return f"{self.target.api}{tail}"

    @property
    def connections(self) -> int:
        """How many new connections meet every worker, almost surely: the kernel chooses the worker of each."""
        return 1 if self.target.workers < 2 else CONNECTIONS_PER_WORKER * self.target.workers

    def loopback(self) -> str:
        """An address to listen on. Raises `CouldNotRunError` for a target of another machine."""
        host = self.people.source()
        if host is None:
            raise CouldNotRunError("The target is not on 127/8, where a server of the probe's own could hear it.")
        return host

    def register(self, **more: Any) -> Identity:
        """A new account, signed in from an address of its own; `more` are further fields of the request."""
        name, source = new_marker(), self.people.source()
        account = Account(name, f"{name}@example.test", f"correct-horse-{name}")
        body = {"user": {"username": name, "email": account.email, "password": account.password, **more}}
        answer = self.people.visitor(source).request("POST", self.path("/users"), json=body)
        token = token_in(answer, self.target.login)
        return Identity(account, token, self.people.bearing(token, source))

    @contextmanager
    def article(self, author: Identity, *, draft: bool = False, price: int = 0) -> Iterator[Article]:
        """An article by this author for the length of the block, proven to be readable to the author."""
        article = self.write_article(author, draft=draft, price=price)
        try:
            yield article
        finally:
            author.client.request("DELETE", article.path)

    def write_article(self, author: Identity, *, draft: bool, price: int = 0) -> Article:
        """Write an article and return it, without reading it back."""
        marker = new_marker()
        words = {
            "title": f"Probe {marker}",
            "description": "Written by a probe.",
            "body": f"Body {marker}",
            "tagList": [],
        }
        fields = {**words, **({"draft": True} if draft else {}), **({"price": price} if price else {})}
        answer = author.client.request("POST", self.path("/articles"), json={"article": fields})
        slug = field_of(answer, "article", "slug")
        if answer.status_code != 201 or not isinstance(slug, str):
            raise CouldNotRunError(f"The victim could not write an article: {answer.status_code} {answer.text[:120]}")
        return Article(self.path(f"/articles/{slug}"), marker)

    def articles(self, client: Client, **params: str | int) -> httpx.Response:
        """Ask for the list of articles."""
        return client.get(self.path("/articles"), params=params)


def new_marker() -> str:
    """A word that stands nowhere else: short, so that redaction does not take it for a digest."""
    return f"marker{secrets.token_hex(6)}"


def field_of(answer: httpx.Response, *keys: str | int) -> Any:
    """The value at this place of a JSON answer, or None where the answer is no JSON or has no such place."""
    try:
        found = answer.json()
    except ValueError:
        return None
    for key in keys:
        try:
            found = found[key]
        except (KeyError, IndexError, TypeError):
            return None
    return found


def require(condition: object, why: str) -> None:
    """Raise `CouldNotRunError` with this reason unless the condition holds."""
    if not condition:
        raise CouldNotRunError(why)
