"""Bodies that are too large, as a server meets them."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from target_app.app import document
from target_app.web.reading import LARGEST_BODY
from tests.parts.target import TargetServer
from tests.parts.templates import SqliteTemplates
from tests.target_app.app_client import AppClient, errors
from tests.target_app.openapi.served import sign_in

TEN_MB = 10_000_000
LARGE = {("post", "/api/user/articles/import"), ("put", "/api/user/avatar")}


def test_the_largest_body_is_read(client: Callable[..., AppClient]) -> None:
    """The last byte that is taken, and the first that is not."""
    app = client()
    token = app.register("ann")
    article = '{"article": {"title": "T", "description": "D", "body": "%s"}}'
    room = LARGEST_BODY - len(article % "")
    assert app.call("POST", "/api/articles", token, content=article % ("x" * room)).status_code == 201
    answer = app.call("POST", "/api/articles", token, content=article % ("x" * (room + 1)))
    assert (answer.status_code, errors(answer)) == (413, {"body": ["is too large"]})
    assert app.metric('target_control_decisions_total{control="input_limits",decision="deny"}') == 1


def test_every_operation_with_a_body_bounds_it(client: Callable[..., AppClient]) -> None:
    """What the document names refuses a body that is too large, and says that it may."""
    app = client()
    token = app.register("ann")
    slug = app.publish(token)
    said = app.call("POST", f"/api/articles/{slug}/comments", token, json={"comment": {"body": "Mine"}})
    comment = str(said.json()["comment"]["id"])
    for path, methods in document()["paths"].items():
        for method, described in methods.items():
            if "requestBody" not in described:
                continue
            assert "413" in described["responses"], (method, path)
            kind = next(iter(described["requestBody"]["content"]))
            headers = {"Content-Type": f"{kind}; boundary=x", "Idempotency-Key": "k", "Provider-Signature": "s"}
            there = path.replace("{slug}", slug).replace("{id}", comment)
            answer = app.call(method.upper(), there, token, content=b" " * TEN_MB, headers=headers)
            assert answer.status_code in {403, 413}, (method, path, answer.text)  # 403: of operations of the staff


@pytest.fixture
def server(start_target: Callable[..., TargetServer], seeded: SqliteTemplates, tmp_path: Path) -> TargetServer:
    """A server on SQLite."""
    return start_target("hardened,password_hash=sha256", seeded.copy(tmp_path, password_hash="sha256", articles=50))


def asked(server: TargetServer, head: str, send: Callable[[Any], None]) -> bytes:
    """The beginning of the answer to a POST of an article."""
    token = sign_in(server.url, "reader0001", 1)
    with socket.create_connection((server.host, server.port), timeout=10) as connection:
        connection.sendall(
            f"POST /api/articles HTTP/1.1\r\nHost: {server.host}:{server.port}\r\nAuthorization: Token {token}\r\n"
            f"{head}\r\n".encode()
        )
        send(connection)
        return bytes(connection.recv(4096))


def test_a_body_that_says_it_is_too_large_is_not_waited_for(server: TargetServer) -> None:
    """The answer comes before a byte of it is sent; who asked first is not told to go on."""
    for head in (f"Content-Length: {TEN_MB}\r\n", f"Content-Length: {TEN_MB}\r\nExpect: 100-continue\r\n"):
        answer = asked(server, head, lambda _connection: None)
        assert answer.startswith(b"HTTP/1.1 413 "), answer


def test_a_body_that_does_not_say_so_is_given_up(server: TargetServer) -> None:
    """Chunks without an end are answered when they are too many, and never held."""
    memory = psutil.Process(server.pid)

    def send(connection: socket.socket) -> None:
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        for _ in range(TEN_MB // 0x10000):
            connection.sendall(chunk)

    before = memory.memory_info().rss
    assert asked(server, "Transfer-Encoding: chunked\r\n", send).startswith(b"HTTP/1.1 413 ")
    assert memory.memory_info().rss - before < 6_000_000
