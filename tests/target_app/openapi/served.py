"""A seeded `hardened` to send odd things to, and what a client needs for that."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.parts.target import TargetServer, target_server
from tests.parts.templates import SqliteTemplates


@dataclass(frozen=True)
class Served:
    """The server, a token of one of its users, and parts of paths that name something there."""

    server: TargetServer
    token: str
    existing: dict[str, Any]


@contextmanager
def served(seeded: SqliteTemplates, folder: Path) -> Iterator[Served]:
    """A server with cheap hashes: their price is not the point."""
    url = seeded.copy(folder, password_hash="sha256", articles=100)
    with target_server("hardened,password_hash=sha256", url, folder) as server:
        user = {"email": "reader0060@example.test", "password": "correct-horse-0060"}
        signed_in = httpx.post(f"{server.url}/api/users/login", json={"user": user}).json()["user"]
        article = httpx.get(f"{server.url}/api/articles?limit=1").json()["articles"][0]
        existing = {"slug": article["slug"], "username": article["author"]["username"], "id": 1}
        yield Served(server, signed_in["token"], existing)
