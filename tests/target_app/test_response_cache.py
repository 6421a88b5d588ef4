from collections.abc import Callable

import pytest

from target_app.tuning import response_cache
from tests.target_app.app_client import AppClient

Make = Callable[..., AppClient]


def hits(app: AppClient) -> float:
    return app.metric('target_cache_requests_total{outcome="hit"}')


@pytest.mark.parametrize(("level", "other_sees"), [("off", 404), ("per_identity", 404), ("shared_key", 200)])
def test_who_is_served_a_cached_draft(client: Make, level: str, other_sees: int) -> None:
    """A draft that its owner has just read is served to others by the shared key alone."""
    app = client(f"response_cache={level}")
    owner, other = app.register("owner"), app.register("other")
    path = f"/api/articles/{app.publish(owner, draft=True)}"
    assert app.call("GET", path, other).status_code == 404
    assert app.call("GET", path, owner).status_code == 200
    assert app.call("GET", path, other).status_code == other_sees
    assert app.call("GET", path).status_code == other_sees


@pytest.mark.parametrize("level", ["per_identity", "shared_key"])
def test_a_repeated_read_touches_no_database(client: Make, level: str) -> None:
    """The second of two equal reads is the first one's bytes, without a statement, counted under its route."""
    app = client(f"response_cache={level}")
    token = app.register("ann")
    app.publish(token)
    first = app.call("GET", "/api/articles?limit=5", token)
    before = app.metric("target_db_statements_total")
    second = app.call("GET", "/api/articles?limit=5", token)
    assert app.metric("target_db_statements_total") == before
    assert (second.content, dict(second.headers)) == (first.content, dict(first.headers))
    assert hits(app) == 1
    assert app.metric('target_requests_total{method="GET",route="/api/articles",status="200"}') == 2
    app.call("GET", "/api/articles?limit=6", token)
    assert hits(app) == 1


@pytest.mark.parametrize("level", ["per_identity", "shared_key"])
def test_writers_read_what_they_wrote(client: Make, level: str) -> None:
    """A write that succeeded empties the worker's cache."""
    app = client(f"response_cache={level}")
    token = app.register("ann")
    slug = app.publish(token)
    for body in ("one", "two"):
        app.call("PUT", f"/api/articles/{slug}", token, json={"article": {"body": body}})
        assert app.call("GET", f"/api/articles/{slug}", token).json()["article"]["body"] == body


def test_an_answer_is_kept_for_a_moment(client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time an answer is made anew."""
    monkeypatch.setattr(response_cache, "TTL_S", 0.0)
    app = client("response_cache=per_identity")
    for _ in range(2):
        app.call("GET", "/api/tags")
    assert hits(app) == 0


def test_the_cache_is_bounded(client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more paths than it has room for, the oldest is forgotten; failures and large answers are not kept."""
    monkeypatch.setattr(response_cache, "ENTRIES", 2)
    app = client("response_cache=per_identity")
    for offset in (0, 1, 2, 0):
        app.call("GET", f"/api/articles?offset={offset}")
    assert hits(app) == 0
    app.call("GET", "/api/articles?offset=0")
    assert hits(app) == 1
    for _ in range(2):
        app.call("GET", "/api/articles/unknown")
    monkeypatch.setattr(response_cache, "LARGEST_BODY", 3)
    for _ in range(2):
        app.call("GET", "/api/tags")
    assert hits(app) == 1
