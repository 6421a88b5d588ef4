from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from loadtests.journeys import JOURNEYS
from target_app.app import document
from tests.loadtests.load_process import LoadProcess, specification
from tests.parts.provider import provider
from tests.parts.target import TargetServer
from tests.parts.templates import SqliteTemplates

Start = Callable[..., TargetServer]

#: Whom the provider alone sends requests to.
BY_OTHERS = {("POST", "/api/payments/webhook")}
#: Made for a delivery that has failed for good, which takes hours: a journey is told that its own has not.
NOT_YET = {("POST", "/api/webhooks/{id}/deliveries/{delivery}/retry")}

#: Seeded accounts of staff, by role.
STAFF = {
    role: {"username": f"{role}0001", "email": f"{role}0001@example.test", "password": "correct-horse-0001"}
    for role in ("moderator", "admin")
}


def content(url: str) -> Any:
    """What an anonymous visitor sees of all articles."""
    return httpx.get(f"{url}/api/articles?limit=100", trust_env=False).raise_for_status().json()


def reached(url: str, status: str = "2") -> set[tuple[str, str]]:
    """Method and route of each operation that the backend itself says it answered so, well unless told otherwise."""
    exposition = httpx.get(f"{url}/metrics", trust_env=False).raise_for_status().text
    samples = (sample for family in text_string_to_metric_families(exposition) for sample in family.samples)
    return {
        (sample.labels["method"], sample.labels["route"])
        for sample in samples
        if sample.name == "target_requests_total" and sample.value and sample.labels["status"].startswith(status)
    }


def test_the_journeys_reach_every_operation(
    start_target: Start, seeded: SqliteTemplates, tmp_path: Path, process: LoadProcess
) -> None:
    """On the real backend every journey comes to its end without an error and the articles stay as they were; together
    they have every operation of its OpenAPI document answered well.
    """
    database = seeded.copy(tmp_path, password_hash="sha256", articles=50)  # quick to fill and to log in to
    with provider(tmp_path) as sells:
        server = start_target("hardened,password_hash=sha256", database, settings=sells.settings)
        asked = specification({"one": server.url})
        process.ask({**asked, "accounts": {**asked["accounts"], "roles": STAFF}})
        signed = process.ask({"command": "sign_in"})
        assert signed["event"] == "signed_in", signed
        before = content(server.url)
        for journey in JOURNEYS:
            arm = process.window(journey, rate=20.0, count=12)["arms"]["one"]
            assert (arm["completed"], arm["errors"]) == (12, 0), (journey, arm["statuses"])
        assert content(server.url) == before
        described = document()["paths"]
        operations = {(method.upper(), path) for path, methods in described.items() for method in methods}
        assert operations - reached(server.url) - NOT_YET == BY_OTHERS - reached(server.url)
        assert reached(server.url, "409") >= NOT_YET


@pytest.mark.parametrize(
    ("journey", "accounts", "said"),
    [("buyer", {"count": 1}, "needs two accounts"), ("moderator", {}, "needs an account of a moderator")],
)
def test_a_journey_without_its_cast_is_refused(
    start_target: Start,
    seeded: SqliteTemplates,
    tmp_path: Path,
    process: LoadProcess,
    journey: str,
    accounts: dict[str, object],
    said: str,
) -> None:
    """A journey that needs somebody whom nobody described is one sentence, not an error of the target."""
    server = start_target("hardened,password_hash=sha256", seeded.copy(tmp_path, password_hash="sha256", articles=50))
    asked = specification({"one": server.url})
    process.ask({**asked, "accounts": {**asked["accounts"], **accounts}})
    process.ask({"command": "sign_in"})
    answer = process.window(journey, rate=20.0, count=1)
    assert answer["event"] == "failed"
    assert said in answer["message"]
