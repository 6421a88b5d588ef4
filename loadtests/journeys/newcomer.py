"""Arriving: an account is made, described, and follows somebody."""

from __future__ import annotations

from urllib.parse import quote
from uuid import uuid4

from loadtests.journeys.conduit import articles, choose
from loadtests.steps import CREATED, DELETED, Step, Steps, Visit


def newcomer(visit: Visit) -> Steps:
    """Registers somebody new, who leaves again; the user looks at the own account, describes it and follows."""
    name = f"newcomer-{uuid4().hex[:16]}"
    new = {"username": name, "email": f"{name}@example.test", "password": f"correct-horse-{name}"}
    made = yield Step("POST /api/users", "POST", "/api/users", {"user": new}, CREATED)
    token = made.text("user", "token")
    yield Step("GET /api/user", "GET", "/api/user", signed=True)
    yield Step("PUT /api/user", "PUT", "/api/user", {"user": {"bio": "Reads a lot."}}, signed=True)
    author = choose(visit.choices(), (yield articles())).text("author", "username")
    path = f"/api/profiles/{quote(author, safe='')}/follow"
    following = (yield Step("GET /api/profiles/{username}", "GET", path.removesuffix("/follow"), signed=True)).at(
        "profile", "following"
    )
    # Whom the user followed before is followed afterwards.
    for method in ("DELETE", "POST") if following else ("POST", "DELETE"):
        yield Step(f"{method} /api/profiles/{{username}}/follow", method, path, signed=True)
    # The user of this visit stays signed in: it is the new account that leaves.
    own = {"Authorization": f"Token {token}"}
    yield Step("POST /api/users/logout", "POST", "/api/users/logout", expected=DELETED, headers=own)
