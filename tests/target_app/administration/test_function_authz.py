"""What each level lets whom do with the functions of staff."""

from collections.abc import Callable

import pytest

from target_app.app import document
from target_app.web.route import REQUIRED_ROLE
from tests.target_app.administration.office import Office
from tests.target_app.app_client import AppClient, errors

Make = Callable[..., AppClient]
LEVELS = ["off", "hidden_route", "roles"]
READS = ["/api/admin/audit", "/api/admin/audit/verification", "/api/moderation/users", "/api/moderation/reports"]


@pytest.mark.parametrize("level", LEVELS)
def test_readers_read_what_is_for_staff_at_the_weak_levels(client: Make, level: str) -> None:
    """With `roles` a reader is refused; with the others everybody is let in who is signed in. Nobody else ever is."""
    office = Office(client(f"function_authz={level}"))
    for path in READS:
        answer = office.call("reader", "GET", path)
        assert answer.status_code == (403 if level == "roles" else 200)
        assert level != "roles" or errors(answer) == {"role": ["is not sufficient"]}
        assert office.call("admin", "GET", path).status_code == 200
        assert office.call(None, "GET", path).status_code == 401


@pytest.mark.parametrize("level", LEVELS)
def test_readers_act_as_staff_at_the_weak_levels(client: Make, level: str) -> None:
    """Suspending an admin and taking a role: done, or refused without a trace."""
    office = Office(client(f"function_authz={level}"))
    suspended = office.call("reader", "PUT", "/api/moderation/users/1/suspension", {"suspension": {"reason": "Mine"}})
    promoted = office.call("reader", "PUT", "/api/admin/users/4/role", {"user": {"role": "admin"}})
    done = level != "roles"
    assert {suspended.status_code, promoted.status_code} == {200 if done else 403}
    (admin, reader) = office.rows("SELECT role, suspended_at FROM users WHERE id IN (1, 4) ORDER BY id")
    assert (admin["suspended_at"] is not None, reader["role"]) == (done, "admin" if done else "reader")


def test_operations_of_staff_say_which_role_they_need() -> None:
    """Those under the paths of staff, and no others."""
    roles = {
        path: operation.get(REQUIRED_ROLE)
        for path, methods in document()["paths"].items()
        for operation in methods.values()
    }
    for path, role in roles.items():
        expected = {"admin": "admin", "moderation": "moderator"}.get(path.split("/")[2])
        assert role == expected, path


@pytest.mark.parametrize("level", LEVELS)
def test_hidden_routes_stand_in_no_document(client: Make, level: str) -> None:
    """`hidden_route` shows all paths but those of staff; the other levels show all."""
    shown = set(client(f"function_authz={level}").app.openapi()["paths"])
    staff = {path for path in document()["paths"] if path.startswith(("/api/admin/", "/api/moderation/"))}
    assert staff
    assert set(document()["paths"]) - shown == (staff if level == "hidden_route" else set())
