from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from loadtests.journeys import JOURNEYS
from tests.loadtests.load_process import LoadProcess, specification
from tests.parts.target import TargetServer
from tests.parts.templates import SqliteTemplates


def content(url: str) -> Any:
    """What an anonymous visitor sees of all articles."""
    return httpx.get(f"{url}/api/articles?limit=100", trust_env=False).raise_for_status().json()


def test_journeys_on_the_reference_backend(
    start_target: Callable[..., TargetServer],
    seeded: SqliteTemplates,
    tmp_path: Path,
    process: LoadProcess,
) -> None:
    """On the real backend every journey comes to its end without an error, and the articles stay as they were."""
    database = seeded.copy(tmp_path, password_hash="sha256", articles=50)  # quick to fill and to log in to
    server = start_target("hardened,password_hash=sha256", database)
    process.ask(specification({"one": server.url}))
    signed = process.ask({"command": "sign_in"})
    assert signed["event"] == "signed_in", signed
    before = content(server.url)
    for journey in JOURNEYS:
        arm = process.window(journey, rate=20.0, count=12)["arms"]["one"]
        assert (arm["completed"], arm["errors"]) == (12, 0), arm["statuses"]
    assert content(server.url) == before
