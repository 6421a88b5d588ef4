"""`python -m target_app set-role`: how a server gets its first admin."""

import json
from pathlib import Path

import pytest

from target_app.accounts.operator import AppointmentError, set_role
from target_app.database import DatabaseUnavailableError
from target_app.settings import Settings
from tests.parts.target import run_target, target_environment
from tests.target_app.administration.office import Office


def test_the_first_admin(office: Office) -> None:
    """The role is there, and the audit log, which still holds, says that an operator gave it."""
    shown = set_role(office.app.settings, "reader", "admin")
    assert (shown["username"], shown["role"]) == ("reader", "admin")
    entry = office.done("reader", "GET", "/api/admin/audit")["entries"][0]
    assert (entry["actor"], entry["action"], entry["object"]) == ("operator", "role.changed", "user:4")
    assert entry["details"] == {"actorName": "operator", "username": "reader", "from": "reader", "to": "admin"}
    assert office.done("admin", "GET", "/api/admin/audit/verification")["verification"]["holds"]


def test_an_admin_is_unmade_by_the_operator_alone(office: Office) -> None:
    """Which no other admin can."""
    set_role(office.app.settings, "admin", "reader")
    assert office.call("admin", "GET", "/api/admin/audit").status_code == 403


@pytest.mark.parametrize(("name", "role", "said"), [("nobody", "admin", "no user"), ("reader", "owner", "no role")])
def test_what_there_is_not_is_one_sentence(one_office: Office, name: str, role: str, said: str) -> None:
    """An unknown name and an unknown role change nothing."""
    with pytest.raises(AppointmentError, match=said):
        set_role(one_office.app.settings, name, role)
    assert one_office.rows("SELECT count(*) AS n FROM audit_log") == [{"n": 0}]


def test_a_database_that_is_away_is_one_sentence(tmp_path: Path) -> None:
    """No traceback for the operator."""
    settings = Settings(database_url="postgresql://127.0.0.1:1/none", signing_key_file=tmp_path / "keys.json")
    with pytest.raises(DatabaseUnavailableError, match="cannot be used"):
        set_role(settings, "reader", "admin")


def test_the_command(one_office: Office) -> None:
    """It prints the account as JSON, and says what is wrong in one sentence with exit code 2."""
    settings = one_office.app.settings
    assert settings.signing_key_file is not None
    environment = target_environment("hardened", settings.database_url, settings.signing_key_file)
    printed = json.loads(run_target("set-role", "--username", "reader", "--role", "moderator", environment=environment))
    assert printed["user"]["role"] == "moderator"
    with pytest.raises(RuntimeError, match=r"ended with 2:\ntarget_app: there is no user 'x'"):
        run_target("set-role", "--username", "x", "--role", "admin", environment=environment)
