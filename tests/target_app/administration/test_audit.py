"""The audit log: one unbroken chain, whatever happens at once, and a break that is seen wherever it is."""

import asyncio
import json
from typing import Any

import pytest

from target_app.audit.repository import AuditRepository
from target_app.audit.rows import Anchor, Verdict, canonical
from target_app.controls.audit_log import OPERATOR, PAGE, Actor, Chained
from target_app.controls.model import Kit
from target_app.database import connect
from target_app.metrics import Metrics
from target_app.signing_keys import SigningKeys
from target_app.unit_of_work import UnitOfWork
from tests.target_app.administration.office import Office
from tests.target_app.app_client import PASSWORD

ANN = Actor(7, "ann")


class Chain:
    """A chain of its own process, as far as the database can tell."""

    def __init__(self, office: Office) -> None:
        metrics = Metrics()
        settings = office.app.settings
        self.database = connect(settings.database_url, metrics)
        self.log = Chained(Kit(settings, self.database, metrics, SigningKeys(settings.key_file)), AuditRepository())

    async def record(self, count: int = 1, **details: Any) -> None:
        """Rows in one transaction."""
        work = UnitOfWork(self.database)
        try:
            for _ in range(count):
                await self.log.record(work, ANN, "role.changed", "user:8", details)
        except BaseException:
            await work.rollback()
            raise
        await work.commit()

    async def verify(self, anchor: Anchor | None = None) -> Verdict:
        """What a walk finds."""
        work = UnitOfWork(self.database)
        try:
            return await self.log.verify(work, anchor)
        finally:
            await work.rollback()


class Log:
    """An office's log with rows in it."""

    def __init__(self, office: Office, count: int = 0) -> None:
        self.office = office
        self.chain = Chain(office)
        if count:
            self.office.app.run(self.chain.record(count))

    def record(self) -> None:
        self.office.app.run(self.chain.record())

    def verdict(self, anchor: Anchor | None = None) -> Verdict:
        found: Verdict = self.office.app.run(self.chain.verify(anchor))
        return found

    def close(self) -> None:
        self.office.app.run(self.chain.database.close())


def holds(office: Office) -> bool:
    """Whether the office's log is whole."""
    log = Log(office)
    try:
        return log.verdict().holds
    finally:
        log.close()


@pytest.fixture
def log(office: Office) -> Any:
    """Ten rows."""
    opened = Log(office, 10)
    yield opened
    opened.close()


SWAP = (
    "UPDATE audit_log SET number = 99 WHERE number = 4",
    "UPDATE audit_log SET number = 4 WHERE number = 5",
    "UPDATE audit_log SET number = 5 WHERE number = 99",
)
BREAKS: dict[str, tuple[tuple[str, ...], int]] = {
    "actor edited": (("UPDATE audit_log SET actor = 'user:1' WHERE number = 3",), 3),
    "time edited": (("UPDATE audit_log SET at = at + 1 WHERE number = 10",), 10),
    "details edited": (("UPDATE audit_log SET details = '{}' WHERE number = 1",), 1),
    "hash edited": ((f"UPDATE audit_log SET hash = '{'0' * 64}' WHERE number = 5",), 5),
    "link edited": ((f"UPDATE audit_log SET previous_hash = '{'0' * 64}' WHERE number = 5",), 5),
    "deleted": (("DELETE FROM audit_log WHERE number = 4",), 4),
    "deleted and closed up": (
        ("DELETE FROM audit_log WHERE number = 9", "UPDATE audit_log SET number = 9 WHERE number = 10"),
        9,
    ),
    "first deleted": (("DELETE FROM audit_log WHERE number = 1",), 1),
    "reordered": (SWAP, 4),
    "truncated": (("DELETE FROM audit_log WHERE number > 7",), 8),
    "truncated with its head": (
        (
            "DELETE FROM audit_log WHERE number > 7",
            "UPDATE audit_head SET number = 7, hash = (SELECT hash FROM audit_log WHERE number = 7)",
        ),
        8,
    ),
    "emptied": (("DELETE FROM audit_log",), 1),
    "head deleted": (("DELETE FROM audit_head",), 11),
    "row added": (
        (
            "INSERT INTO audit_log SELECT 11, at, actor, action, object, details, hash, hash FROM audit_log "
            "WHERE number = 10",
        ),
        11,
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_seen_and_stays(log: Log, name: str) -> None:
    """It is found at its number, also after the server has written on: what follows does not heal it."""
    assert log.verdict().holds
    statements, number = BREAKS[name]
    for statement in statements:
        log.office.execute(statement)
    assert log.verdict().broken_at == number
    log.record()
    log.record()
    assert log.verdict().broken_at == number


def test_a_log_set_back_whole_is_seen_by_an_anchor(log: Log) -> None:
    """Rows and head of an earlier moment fit together; a head that was written down tells."""
    rows = log.office.rows("SELECT number, hash, mac FROM audit_head")
    log.record()
    later = log.office.rows("SELECT number, hash FROM audit_head")[0]
    anchor = Anchor(later["number"], later["hash"])
    assert log.verdict(anchor).holds
    log.office.execute("DELETE FROM audit_log WHERE number = 11")
    log.office.execute("UPDATE audit_head SET number = :number, hash = :hash, mac = :mac", **rows[0])
    assert log.verdict().holds
    assert log.verdict(anchor).broken_at == 11
    log.record()
    assert log.verdict().holds
    assert log.verdict(anchor).broken_at == 11


def test_another_key_makes_no_chain(log: Log) -> None:
    """Who knows the rule but not the key cannot write a row that holds."""
    other = Chain(log.office)
    other.log._key = bytes(32)
    log.office.app.run(other.record())
    assert log.verdict().broken_at == 11
    log.office.app.run(other.database.close())


def test_long_logs_are_walked_in_pages(one_office: Office) -> None:
    """A break behind the first pages is found; before it, all rows are counted."""
    log = Log(one_office, 2 * PAGE + 50)
    assert log.verdict().rows == 2 * PAGE + 50
    one_office.execute("UPDATE audit_log SET at = 0 WHERE number = :number", number=2 * PAGE + 7)
    assert log.verdict().broken_at == 2 * PAGE + 7
    log.close()


def test_writers_at_once_make_one_chain(office: Office) -> None:
    """Two processes and ten transactions each: all rows are there, in one chain, while another walks it."""
    chains = [Chain(office), Chain(office)]

    async def at_once() -> list[Verdict]:
        await asyncio.gather(*(chain.record(2) for chain in chains for _ in range(10)), chains[0].verify())
        verdicts = [await chain.verify() for chain in chains]
        for chain in chains:
            await chain.database.close()
        return verdicts

    for verdict in office.app.run(at_once()):
        assert (verdict.holds, verdict.rows) == (True, 40)


def test_an_act_that_is_undone_is_not_told_of(office: Office) -> None:
    """The row is written with the act or not at all; the next one follows without a gap."""
    office.done("reader", "PUT", "/api/user", {"user": {"email": "other@example.test"}})
    assert office.call("reader", "PUT", "/api/user", {"user": {"email": "author@example.test"}}).status_code == 409

    async def fail() -> None:
        chain = Chain(office)
        work = UnitOfWork(chain.database)
        await chain.log.record(work, ANN, "role.changed", "user:8", {})
        await work.rollback()
        await chain.database.close()

    office.app.run(fail())
    office.done("reader", "PUT", "/api/user", {"user": {"username": "renamed"}})
    rows = office.rows("SELECT number, details FROM audit_log ORDER BY number")
    assert [row["number"] for row in rows] == [1, 2]
    assert holds(office)


def test_a_password_change_is_told_of_without_the_password(office: Office) -> None:
    """Who, when and what changed; neither the password nor its hash."""
    changed = office.done("reader", "PUT", "/api/user", {"user": {"password": "another-password", "bio": "new"}})
    office.tokens["reader"] = changed["user"]["token"]
    office.done("reader", "PUT", "/api/user", {"user": {"bio": "newer", "username": "reader"}})
    (row,) = office.rows("SELECT * FROM audit_log")
    assert (row["actor"], row["action"], row["object"]) == ("user:4", "credentials.changed", "user:4")
    assert json.loads(row["details"]) == {"actorName": "reader", "changed": ["password"]}
    stored = office.rows("SELECT password_hash FROM users WHERE id = 4")[0]["password_hash"]
    assert stored not in str(row)


def test_no_name_can_write_a_line_of_its_own(office: Office) -> None:
    """Line breaks, escapes, deletes and turned writing are escaped: a row is one line of printable ASCII."""
    wild = "x\r\n2 user:1 role.changed\x1b[31m\x7f\u2028\u202e\x85é"
    user = {"username": wild, "email": "wild@example.test", "password": PASSWORD}
    token = office.done(None, "POST", "/api/users", {"user": user})["user"]["token"]
    assert office.app.call("PUT", "/api/user", token, json={"user": {"email": "w@example.test"}}).status_code == 200
    (row,) = office.rows("SELECT details FROM audit_log")
    assert all(" " <= letter <= "~" for letter in row["details"])
    assert json.loads(row["details"])["actorName"] == wild
    assert holds(office)


def test_canonical_json_is_one() -> None:
    """The order of names does not matter, and what is no JSON is refused."""
    assert (
        canonical({"b": 1, "a": [None, "é"]}) == '{"a":[null,"\\u00e9"],"b":1}' == canonical({"a": [None, "é"], "b": 1})
    )
    with pytest.raises(ValueError, match="JSON"):
        canonical(float("nan"))


def test_the_log_is_read_in_pages(office: Office) -> None:
    """The newest first; `next` leads to the end."""
    log = Log(office, 7)
    first = office.done("admin", "GET", "/api/admin/audit?limit=3")
    assert [entry["number"] for entry in first["entries"]] == [7, 6, 5]
    second = office.done("admin", "GET", f"/api/admin/audit?limit=4&before={first['next']}")
    assert [entry["number"] for entry in second["entries"]] == [4, 3, 2, 1]
    assert second["next"] is None
    assert second["entries"][0]["details"] == {"actorName": "ann"}
    log.close()


def test_the_verification_answers(office: Office) -> None:
    """Holds, with the last hash to write down; or where and why it breaks."""
    log = Log(office, 3)
    found = office.done("admin", "GET", "/api/admin/audit/verification")["verification"]
    last = office.rows("SELECT hash FROM audit_log WHERE number = 3")[0]["hash"]
    assert found == {"holds": True, "rows": 3, "hash": last, "brokenAt": None, "reason": None}
    office.execute("DELETE FROM audit_log WHERE number = 2")
    found = office.done("admin", "GET", "/api/admin/audit/verification")["verification"]
    assert (found["holds"], found["brokenAt"], found["reason"]) == (False, 2, "the row is missing")
    log.close()


def test_rows_are_counted(one_office: Office) -> None:
    """After the commit, by action."""
    one_office.done("reader", "PUT", "/api/user", {"user": {"password": "another-password"}})
    assert one_office.app.metric('target_audit_records_total{action="credentials.changed"}') == 1
    assert one_office.app.metric('target_audit_records_total{action="role.changed"}') == 0


def test_an_operator_is_no_user() -> None:
    """Whoever runs a command on the server has no account."""
    assert (str(OPERATOR), str(ANN)) == ("operator", "user:7")
