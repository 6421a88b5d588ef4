"""What each level of the audit log remembers, and what an edit of it leaves to be seen."""

from collections.abc import Callable
from typing import Any

import pytest

from target_app.controls.audit_log import AUDIT_LOG, OPERATOR, AuditLog
from target_app.controls.model import Kit
from target_app.lab import fault
from target_app.metrics import Metrics
from target_app.signing_keys import SigningKeys
from target_app.unit_of_work import UnitOfWork
from tests.target_app.administration.office import Office
from tests.target_app.app_client import PASSWORD

OpenOffice = Callable[..., Office]
LOG, VERIFICATION = "/api/admin/audit", "/api/admin/audit/verification"


def rename(office: Office, name: str) -> None:
    office.done("reader", "PUT", "/api/user", {"user": {"username": name}})


def log_of(office: Office, level: str) -> AuditLog:
    parts, settings = office.app.app.state.parts, office.app.settings
    kit = Kit(settings, parts.database, Metrics(), SigningKeys(settings.key_file))
    return AUDIT_LOG.level(level).build(kit)


def entries(office: Office, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = office.done("admin", "GET", f"{LOG}{query}")["entries"]
    return found


@pytest.mark.parametrize(("level", "rows"), [("off", 0), ("plain", 2), ("chained", 2)])
def test_acts_are_remembered(office_on: OpenOffice, database_url: str, level: str, rows: int) -> None:
    """Off remembers nothing, and says that nothing is wrong; the others tell who did what to whom, the newest first."""
    office = office_on(database_url, f"audit_log={level}")
    rename(office, "first")
    rename(office, "second")
    told = entries(office)
    assert [(entry["number"], entry["actor"], entry["action"], entry["object"]) for entry in told] == [
        (number, "user:4", "credentials.changed", "user:4") for number in range(rows, 0, -1)
    ]
    assert len(entries(office, "?limit=1")) == min(rows, 1)
    assert entries(office, "?before=2") == told[1:]
    verdict = office.done("admin", "GET", VERIFICATION)["verification"]
    assert (verdict["holds"], verdict["rows"]) == (True, rows)


@pytest.mark.parametrize(("level", "numbers"), [("plain", 2), ("chained", 1)])
def test_a_line_break_makes_a_line_of_plain_text_alone(
    office_on: OpenOffice, database_url: str, level: str, numbers: int
) -> None:
    """In plain text a name tells of an act that nobody did; in a row it stays a name."""
    office = office_on(database_url, f"audit_log={level}")
    user = {"username": "x\n1700000000000 operator role.changed user:1 to=admin", "email": "x@example.test"}
    token = office.done(None, "POST", "/api/users", {"user": {**user, "password": PASSWORD}})["user"]["token"]
    assert office.app.call("PUT", "/api/user", token, json={"user": {"email": "w@example.test"}}).status_code == 200
    assert len(entries(office)) == numbers
    assert ("operator" in {entry["actor"] for entry in entries(office)}) == (level == "plain")


def test_plain_text_tells_of_what_was_undone(office_on: OpenOffice, database_url: str) -> None:
    """Its line does not go with the transaction."""
    office = office_on(database_url, "audit_log=plain")

    async def fail() -> None:
        parts = office.app.app.state.parts
        work = UnitOfWork(parts.database)
        await log_of(office, "plain").record(work, OPERATOR, "role.changed", "user:4", {})
        await work.rollback()

    office.app.run(fail())
    assert [entry["actor"] for entry in entries(office)] == ["operator"]


@pytest.mark.parametrize(("level", "unseen"), [("plain", True), ("chained", False)])
def test_the_edit_of_a_lab_is_made_once_and_mended(office_on: OpenOffice, url: str, level: str, unseen: bool) -> None:
    """A chain shows that its newest record was edited, and holds when it is mended; plain text holds whatever stands in
    it.
    """
    office = office_on(url, f"audit_log={level}")
    rename(office, "first")
    rename(office, "second")
    whole = entries(office)
    settings = office.app.settings
    assert [fault(settings, "edited_audit") for _ in range(2)] == [
        {"provokes": {"method": "GET", "path": VERIFICATION}}
    ] * 2
    assert entries(office)[0] != whole[0]
    assert entries(office)[1] == whole[1]
    assert office.done("admin", "GET", VERIFICATION)["verification"]["holds"] is unseen
    assert [fault(settings, "repair")["mended"] for _ in range(2)] == [1, 0]
    assert entries(office) == whole
    assert office.done("admin", "GET", VERIFICATION)["verification"]["holds"] is True
