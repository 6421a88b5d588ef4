from collections.abc import Callable

import pytest

from target_app.lab import fault
from tests.target_app.app_client import AppClient, errors

Make = Callable[..., AppClient]
EXTRA_ROUTES = ("/docs", "/openapi.json", "/debug", "/api/v0/users")


@pytest.mark.parametrize(
    ("level", "open_"),
    [
        ("generic", []),
        ("stack_trace", ["/docs", "/openapi.json"]),
        ("debug", ["/docs", "/openapi.json", "/debug", "/api/v0/users"]),
    ],
)
def test_which_routes_are_open(client: Make, level: str, open_: list[str]) -> None:
    """Each level opens its own routes; what is closed is a plain 404."""
    app = client(f"errors_and_docs={level}")
    app.register("ann")
    assert [path for path in EXTRA_ROUTES if app.call("GET", path).status_code == 200] == open_
    closed = [app.call("GET", path) for path in EXTRA_ROUTES if path not in open_]
    assert all(answer.status_code == 404 and errors(answer) == {"path": ["not found"]} for answer in closed)


@pytest.mark.parametrize("level", ["generic", "stack_trace", "debug"])
def test_what_a_failure_tells(client: Make, level: str) -> None:
    """A broken database is one sentence at `generic`; the weak levels show file names, code and SQL."""
    app = client(f"errors_and_docs={level}")
    told = fault(app.settings, "missing_table")["provokes"]
    answer = app.call(told["method"], told["path"])
    assert answer.status_code == 500
    leaks = "Traceback" in answer.text and "repository.py" in answer.text and "no such table" in answer.text
    assert leaks == (level != "generic")
    if level == "generic":
        assert errors(answer) == {"server": ["failed"]}
    fault(app.settings, "repair")
    assert app.call(told["method"], told["path"]).status_code == 200


def test_faults_can_be_repeated(client: Make) -> None:
    """Breaking what is broken and mending what is whole change nothing."""
    app = client()
    for kind, status in (("repair", 200), ("missing_table", 500), ("missing_table", 500), ("repair", 200)):
        fault(app.settings, kind)
        assert app.call("GET", "/api/tags").status_code == status


def test_debug_shows_settings_and_users(client: Make) -> None:
    """The debug page has the database's URL; the old version lists users without asking who wants to know."""
    app = client("errors_and_docs=debug")
    app.register("ann")
    assert app.call("GET", "/debug").json()["settings"]["database_url"] == app.settings.database_url
    assert app.call("GET", "/api/v0/users").json() == [{"id": 1, "username": "ann", "email": "ann@example.test"}]
