import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from target_app.lab import LabError, fault, kill, mint_token, read_db, sign_webhook
from target_app.migrations.run import migrate
from target_app.settings import Settings
from target_app.treatment import parse_treatment
from tests.parts.provider import Provider
from tests.target_app.app_client import AppClient
from tests.target_app.shop import Shop

Make = Callable[..., AppClient]


@pytest.mark.parametrize("level", ["hs256", "rs_hs_confusion", "es256", "eddsa", "unverified"])
def test_a_minted_token_is_a_true_one(client: Make, level: str) -> None:
    """The lab signs as the server does, from the same key file, without asking the server."""
    app = client(f"token_signature={level}")
    app.register("ann")
    minted = mint_token(app.settings, parse_treatment(f"hardened,token_signature={level}"), "ann")["token"]
    assert app.call("GET", "/api/user", minted).json()["user"]["username"] == "ann"


def test_the_stored_row_is_whole(client: Make) -> None:
    """`read-db` shows every column, the hash too, and prints as JSON."""
    app = client()
    app.register("ann")
    row: dict[str, Any] = json.loads(json.dumps(read_db(app.settings, "ann")))["row"]
    assert row["email"] == "ann@example.test"
    assert len(row["password_hash"]) == 64
    with pytest.raises(LabError, match="there is no user 'nobody'"):
        read_db(app.settings, "nobody")


def test_signed_events_are_the_providers(shop: Shop, payment_provider: Provider) -> None:
    """An event is of the age, type and order that were asked for, and the server believes it."""
    payment_provider.control(failure_rate=1)
    order = shop.order().json()["order"]["id"]
    kinds = json.dumps([{"type": "charge.succeeded", "age": 301}, {"type": "charge.declined", "age": 0}])
    signed = sign_webhook(shop.app.settings, order, kinds)
    answers = [
        shop.app.call("POST", signed["path"], content=one["body"], headers={signed["header"]: one["signature"]})
        for one in signed["events"]
    ]
    assert [answer.status_code for answer in answers] == [401, 204]
    assert shop.status(order) == "declined"
    with pytest.raises(LabError, match="there is no order 999"):
        sign_webhook(shop.app.settings, 999, kinds)
    for text in ("no JSON", "1", '[{"type": "x"}]', '[{"type": "x", "age": "old"}]'):
        with pytest.raises(LabError, match="no JSON list"):
            sign_webhook(shop.app.settings, order, text)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@db.example/x",
        "postgresql://u:p@10.0.0.1/x",
        "postgresql:///x?host=db.example",
    ],
)
def test_other_machines_are_left_alone(url: str) -> None:
    """No lab command touches a database that is not on this machine."""
    settings = Settings(database_url=url)
    with pytest.raises(LabError, match="this machine alone"):
        read_db(settings, "ann")
    with pytest.raises(LabError, match="this machine alone"):
        fault(settings, "missing_table")


def test_unknown_faults_are_named(database_url: str) -> None:
    """A fault that does not exist is refused with those that do."""
    with pytest.raises(LabError, match="missing_table, edited_audit, repair"):
        fault(Settings(database_url=database_url), "flood")


def test_faults_and_rows_on_postgres(postgres_url: str) -> None:
    """The lab works on PostgreSQL as it does on SQLite."""
    migrate(postgres_url)
    settings = Settings(database_url=postgres_url)
    for _ in range(2):
        assert fault(settings, "missing_table") == {"provokes": {"method": "GET", "path": "/api/tags"}}
    assert [fault(settings, "repair") for _ in range(2)] == [{"mended": 1}, {"mended": 0}]
    with pytest.raises(LabError, match="there is no user"):
        read_db(settings, "ann")


def test_only_a_server_is_killed() -> None:
    """A process that is no server of this application is left alone, and so is one that does not exist."""
    for pid in (os.getpid(), 2**22 + 1):
        with pytest.raises(LabError, match="is no server of this application"):
            kill(pid)
