from collections.abc import Callable
from typing import Any

import pytest

from tests.target_app.app_client import PASSWORD, AppClient

Make = Callable[..., AppClient]

levels = pytest.mark.parametrize("level", ["set_everything", "declared_only"])


def user_with(name: str, **more: Any) -> dict[str, Any]:
    return {"user": {"username": name, "email": f"{name}@example.test", "password": PASSWORD, **more}}


def served(app: AppClient, token: str) -> tuple[int, int]:
    """How an admin's page answers the bearer, and what the platform owes him or her."""
    balance = app.call("GET", "/api/balance", token).json()["balance"]["amount"]
    return app.call("GET", "/api/admin/audit", token).status_code, balance


@levels
def test_a_registration_sets_what_it_may(client: Make, level: str) -> None:
    """A role and a balance in a registration make an admin of means where everything is set, and nothing elsewhere."""
    app = client(f"mass_assignment={level}")
    answer = app.call("POST", "/api/users", json=user_with("ann", role="admin", balance=900, unknown=1))
    assert answer.status_code == 201
    assert served(app, answer.json()["user"]["token"]) == ((200, 900) if level == "set_everything" else (403, 0))


@levels
def test_an_update_sets_what_it_may(client: Make, level: str) -> None:
    """The same with an update, which changes what it declares at every level."""
    app = client(f"mass_assignment={level}")
    token = app.register("ann")
    answer = app.call("PUT", "/api/user", token, json={"user": {"bio": "Writes", "role": "admin", "balance": 900}})
    assert answer.json()["user"]["bio"] == "Writes"
    assert served(app, token) == ((200, 900) if level == "set_everything" else (403, 0))
    again = app.call("PUT", "/api/user", token, json={"user": {"balance": 1000}})
    assert again.status_code == 200
    assert served(app, token)[1] == (1000 if level == "set_everything" else 0)


@levels
def test_an_article_is_of_its_author(client: Make, level: str) -> None:
    """A creation and an update that name an author's id give the article away where everything is set."""
    app = client(f"mass_assignment={level}")
    app.register("ann")
    bob = app.register("bob")
    made = app.publish(bob, author_id=1, favorites_count=7, unknown=1)
    own = app.publish(bob)
    changed = app.call("PUT", f"/api/articles/{own}", bob, json={"article": {"body": "New", "author_id": 1}})
    assert changed.json()["article"]["body"] == "New"
    read = [app.call("GET", f"/api/articles/{slug}").json()["article"] for slug in (made, own)]
    expected = "ann" if level == "set_everything" else "bob"
    assert [article["author"]["username"] for article in read] == [expected, expected]
    assert [article["favoritesCount"] for article in read] == [0, 0]  # counted by the server at every level
    assert app.call("GET", "/api/articles").json()["articlesCount"] == 2


def test_a_password_is_hashed_whatever_else_is_sent(client: Make) -> None:
    """A hash sent along stands in the row where everything is set: its sender then knows a password to it."""
    app = client("mass_assignment=declared_only")
    answer = app.call("POST", "/api/users", json=user_with("ann", password_hash="x"))
    assert answer.status_code == 201
    assert app.log_in("ann").status_code == 200
