"""What stands in front of the endpoints: the Host check, reading of requests, shapes of refusals, OpenAPI."""

from collections.abc import Callable
from typing import Any

import pytest

from target_app.app import document
from target_app.settings import Settings, is_loopback
from tests.parts.redis import redis_server
from tests.target_app.app_client import HOST, AppClient, errors

Make = Callable[..., AppClient]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (HOST, 200),
        ("localhost:8000", 200),
        ("LocalHost:8000", 200),
        ("127.0.0.1", 400),
        ("127.0.0.1:8001", 400),
        ("evil.example", 400),
        ("evil.example:8000", 400),
        ("proxy.example:8000", 200),
        ("exact.example:99", 200),
        ("", 400),
    ],
)
def test_only_requests_to_this_server_are_answered(client: Make, host: str, status: int) -> None:
    """The Host header must name the bound address, or a name that the settings allow."""
    app = client(allowed_hosts="proxy.example, exact.example:99")
    answer = app.call("GET", "/health", headers={"Host": host})
    assert answer.status_code == status
    if status == 400:
        assert errors(answer) == {"host": ["is not served here"]}


def test_hosts_follow_the_bound_address() -> None:
    """`localhost` is a name of 127.0.0.1 alone; at port 80 a name needs no port."""
    assert Settings(host="127.8.9.1", port=5000).host_names == {"127.8.9.1:5000"}
    assert Settings(host="127.0.0.1", port=80).host_names >= {"localhost", "127.0.0.1:80"}


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.8.7", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("x.y", False)],
)
def test_loopback(host: str, loopback: bool) -> None:
    """Every address of 127/8 is this machine; a name other than localhost is not taken for it."""
    assert is_loopback(host) == loopback


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("limit=", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("offset=-1", "offset"),
        ("offset=9223372036854775808", "offset"),
        ("offset=1e9", "offset"),
        ("tag=%00", "path"),
    ],
)
def test_query_strings_that_cannot_be_meant(client: Make, query: str, field: str) -> None:
    """A number outside its bounds or no number at all is a 422 that names the field."""
    answer = client().call("GET", f"/api/articles?{query}")
    assert answer.status_code == 422
    assert list(errors(answer)) == [field]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"[]", "body"),
        (b"null", "body"),
        (b"{}", "article"),
        (b'{"article": 1}', "article"),
        (b'{"article": {"title": "\xff"}}', "body"),
        (b'{"article": {"title": "T", "description": "d"}}', "body"),
        (b'{"article": {"title": "T", "description": "d", "body": 1}}', "body"),
        (b'{"article": {"title": "T\\u0000", "description": "d", "body": "b"}}', "title"),
        (b'{"article": {"title": "T", "description": "d", "body": "b", "tagList": "x"}}', "tagList"),
        (b'{"article": {"title": "T", "description": "d", "body": "b", "tagList": [""]}}', "tagList"),
        (b'{"article": {"title": "T", "description": "d", "body": "b", "tagList": [null]}}', "tagList"),
        (b'{"article": {"title": "T", "description": "d", "body": "b", "draft": "maybe"}}', "draft"),
    ],
)
def test_bodies_that_cannot_be_meant(client: Make, content: bytes, field: str) -> None:
    """A body that is no JSON, or not of the contract's form, is a 422 that names the field; nothing is written."""
    app = client()
    answer = app.call("POST", "/api/articles", app.register("ann"), content=content)
    assert answer.status_code == 422
    assert list(errors(answer)) == [field]
    assert app.call("GET", "/api/articles").json()["articlesCount"] == 0


def test_a_token_is_asked_for_before_the_body_is_read(client: Make) -> None:
    """Without a token, a broken body and an unknown article are still a 401."""
    app = client()
    for method, path in (("POST", "/api/articles"), ("PUT", "/api/articles/none"), ("PUT", "/api/user")):
        answer = app.call(method, path, content=b"{")
        assert answer.status_code == 401
        assert errors(answer) == {"token": ["is missing"]}


@pytest.mark.parametrize("number", ["x", "-1", "1.5", "9223372036854775808"])
def test_comment_numbers_that_cannot_be(client: Make, number: str) -> None:
    """What is no number of a comment is a 422; a number that no comment has is a 404."""
    app = client()
    token = app.register("ann")
    path = f"/api/articles/{app.publish(token)}/comments"
    answer = app.call("DELETE", f"{path}/{number}", token)
    assert answer.status_code == 422
    assert list(errors(answer)) == ["id"]
    assert app.call("DELETE", f"{path}/9223372036854775807", token).status_code == 404


def test_the_framework_speaks_in_the_contracts_shape(client: Make) -> None:
    """Unknown paths and methods are answered like every other refusal."""
    app = client()
    assert errors(app.call("GET", "/api/nothing")) == {"path": ["not found"]}
    answer = app.call("PATCH", "/api/tags")
    assert (answer.status_code, errors(answer)) == (405, {"method": ["not allowed"]})
    assert answer.headers["allow"] == "GET"


def test_health_follows_the_database(client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose database does not answer says so, and does not say why."""
    app = client()
    assert app.call("GET", "/health").json() == {"status": "ok"}
    monkeypatch.setattr(app.app.state.parts.database, "open_reading", None)
    answer = app.call("GET", "/health")
    assert (answer.status_code, errors(answer)) == (503, {"database": ["is not available"]})


#: How the paths of operations end that change something and say all in the path.
WITHOUT_BODY = ("/follow", "/favorite", "/refund", "/tickets", "/retry", "/logout")


def operations() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_operation_documents_its_answers_and_inputs() -> None:
    """Each with its success, its refusals in the contract's shape, and its body if it has one."""
    found = operations()
    assert len(found) >= 29
    for name, operation in found:
        refusals = {int(status): answer for status, answer in operation["responses"].items() if int(status) >= 400}
        assert 401 in refusals or name == "POST /api/users", name
        for answer in refusals.values():
            assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorsBody"), name
        takes_body = name.startswith(("POST", "PUT")) and not name.endswith(WITHOUT_BODY)
        assert ("requestBody" in operation) == takes_body, name
        assert operation["security"] in ([{"Token": []}], [{}, {"Token": []}])


def test_health_names_a_redis_that_is_away(client: Make) -> None:
    """The server is well without Redis, and says that it is degraded; where there is none, it says nothing."""
    with redis_server() as url:
        app = client(redis_url=url)
        assert app.call("GET", "/health").json() == {"status": "ok", "redis": "ok"}
    assert app.log_in("nobody").status_code == 401  # the first that needs Redis finds it gone
    answer = app.call("GET", "/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "redis": "degraded"})
    assert client().call("GET", "/health").json() == {"status": "ok"}


def test_a_server_starts_without_its_redis(client: Make) -> None:
    """A Redis that is away is no reason not to serve."""
    app = client(redis_url="redis://127.0.0.1:1/0")
    app.register("ann")
    assert app.log_in("ann").status_code == 200
    assert app.call("GET", "/health").json() == {"status": "ok", "redis": "degraded"}
