"""The rules that let a reader find things: where SQL stands, who commits, who decides."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import target_app

ROOT = Path(target_app.__file__).parent
FILES = sorted(path for path in ROOT.rglob("*.py") if "migrations" not in path.parts)
BUILDERS = {"select", "insert", "update", "delete", "text", "exists"}
#: Beside repositories: levels that exist to vary SQL, the database itself, and commands that run outside a server.
SQL_STANDS_IN = {"repository.py", "database.py", "prepared.py", "seeding.py", "lab.py", "readiness.py"}
SQL_FOLDERS = {"controls", "tuning"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """Modules and names that a file imports."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_sql_stands_in_repositories(path: Path) -> None:
    """Only repositories, and the levels that vary SQL, build statements."""
    if path.name in SQL_STANDS_IN or path.parent.name in SQL_FOLDERS:
        return
    built = {what for module, what in imported(path) if module.startswith("sqlalchemy")} & BUILDERS
    assert not built, f"{name(path)} builds SQL with {built}"


NEVER_COMMIT = {"endpoints.py", "service.py", "repository.py"}


@pytest.mark.parametrize("path", [path for path in FILES if path.name in NEVER_COMMIT], ids=name)
def test_services_and_repositories_never_commit(path: Path) -> None:
    """The unit of work commits, once per request.

    But for `payments/checkout.py`, which is none of these: an order must be on disk before the provider is asked.
    """
    calls = {node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}
    assert "commit" not in calls


@pytest.mark.parametrize("path", [path for path in FILES if path.name == "endpoints.py"], ids=name)
def test_endpoints_know_services_alone(path: Path) -> None:
    """An endpoint reads the request, calls one service and answers."""
    assert not [module for module, _ in imported(path) if module.endswith((".repository", ".models", "database"))]


@pytest.mark.parametrize("path", FILES, ids=name)
def test_nothing_asks_for_its_level(path: Path) -> None:
    """Levels are chosen at assembly: nobody compares a level's name later, and only the assembly knows treatments."""
    if path.name == "treatment.py":  # where levels are named and checked
        return
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Compare):
            asked = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
            asked |= {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
            assert "level" not in asked, f"{name(path)}:{node.lineno} compares a level"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_who_may_do_what_is_decided_in_controls(path: Path) -> None:
    """A 401, 403 or 429 is raised by a control, by the visit's own check of the token or ticket, or
    where its user is read."""
    allowed = {"web/errors.py", "web/visit.py", "users/authenticator.py", "realtime/service.py"}
    if path.parent.name == "controls" or name(path) in allowed:
        return
    raised = {what for module, what in imported(path) if module == "target_app.web.errors"}
    assert not raised & {"forbidden", "missing_token"}, name(path)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_the_backend_knows_nothing_of_the_testbed(path: Path) -> None:
    """target_app imports nothing from the other folders."""
    others = ("tradeoff", "loadtests", "security", "benchmarks", "tests")
    assert not [module for module, _ in imported(path) if module.split(".")[0] in others]


def test_middleware_is_pure_asgi() -> None:
    """BaseHTTPMiddleware costs half the throughput: nothing here is made from it."""
    assert not [name(path) for path in FILES if "BaseHTTPMiddleware" in path.read_text()]
