import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from loadtests.client import Client, NoAnswer
from loadtests.steps import Step
from security.guard import allow
from target_app.controls.transport import key_beside, make_certificate
from tests.loadtests.small_conduit import SmallConduit

TAGS = Step("GET /api/tags", "GET", "/api/tags")
LOG_IN = Step("POST /api/users/login", "POST", "/api/users/login", {"user": {"email": "x@y", "password": ""}})


@contextmanager
def scripted(*answers: bytes) -> Iterator[str]:
    """A server that gives these raw answers, one connection each, then hangs up; its URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for answer in answers:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join(5)
        listener.close()


def test_a_connection_is_kept(conduit: SmallConduit) -> None:
    """Requests one after the other share a connection."""
    with closing(Client(allow(conduit.url), "127.77.0.9", timeout_s=5)) as client:
        assert [client.send(TAGS).status for _ in range(5)] == [200] * 5
    assert conduit.connections == 1


@pytest.mark.parametrize("step", [TAGS, LOG_IN], ids=["GET", "POST"])
def test_a_closed_idle_connection_is_replaced(conduit: SmallConduit, step: Step) -> None:
    """When the server closed an idle connection, the next request goes over a new one, once and without an error."""
    conduit.close_after_each = True
    with closing(Client(allow(conduit.url), "127.77.0.9", timeout_s=5)) as client:
        for _ in range(3):
            assert client.send(step).status in {200, 401}
            time.sleep(0.05)
    assert conduit.connections == len(conduit.seen) == 3


def test_users_come_from_their_own_addresses(conduit: SmallConduit) -> None:
    """Each client's connections leave from the source address it was given."""
    for source in ("127.77.0.1", "127.77.3.4"):
        with closing(Client(allow(conduit.url), source, timeout_s=5)) as client:
            client.send(TAGS)
    assert [one.peer for one in conduit.seen] == ["127.77.0.1", "127.77.3.4"]


def test_a_request_has_a_time_out(conduit: SmallConduit) -> None:
    """A server that never answers costs the time-out and no more."""
    conduit.hanging = True
    client = Client(allow(conduit.url), None, timeout_s=0.2)
    before = time.monotonic()
    with pytest.raises(NoAnswer, match=r"no answer within 0\.2 s"):
        client.send(TAGS)
    assert 0.15 < time.monotonic() - before < 1.0


def test_nobody_listens() -> None:
    """A refused connection is a NoAnswer that says so."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = Client(allow(f"http://127.0.0.1:{unused.getsockname()[1]}"), None, timeout_s=1)
        with pytest.raises(NoAnswer, match="refused"):
            client.send(TAGS)


@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 200, b"abcde"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 Oops\r\nContent-Length: 1\r\n\r\nx", 500, b"x"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://example.test/\r\nContent-Length: 0\r\n\r\n", 302, b""),
    ],
    ids=["chunked", "no content", "until close", "interim", "redirect not followed"],
)
def test_framings(raw: bytes, status: int, body: bytes) -> None:
    """Each way of HTTP/1 to frame a response is understood, and a redirect is an answer like any other."""
    with scripted(raw) as url, closing(Client(allow(url), None, timeout_s=2)) as client:
        answer = client.send(TAGS)
    assert (answer.status, answer.body) == (status, body)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"SSH-2.0-hello\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", "not HTTP|middle"),
        (b"", "without an answer"),
    ],
    ids=["no HTTP", "cut short", "empty"],
)
def test_half_answers_are_no_answers(raw: bytes, reason: str) -> None:
    """What is not a whole HTTP response is a NoAnswer with a reason."""
    with scripted(raw) as url, pytest.raises(NoAnswer, match=reason):
        Client(allow(url), None, timeout_s=2).send(TAGS)


@contextmanager
def encrypted(file: Path) -> Iterator[str]:
    """A server with this certificate that answers each request on a connection; its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key_beside(file))
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with (
            suppress(OSError),
            listener.accept()[0] as plain,
            context.wrap_socket(plain, server_side=True) as connection,
        ):
            while connection.recv(65536):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join(5)
        listener.close()


@pytest.mark.parametrize("step", [TAGS, LOG_IN], ids=["GET", "POST"])
def test_tls_is_kept(tmp_path: Path, step: Step) -> None:
    """Over https, too, requests one after the other share a connection; the certificate may come after the client."""
    file = tmp_path / "made.crt"
    make_certificate(file, "127.0.0.1")
    with encrypted(file) as url, closing(Client(allow(url, ca_file=str(file)), "127.77.0.9", timeout_s=5)) as client:
        assert [client.send(step).status for _ in range(5)] == [200] * 5


def test_a_strange_certificate_is_refused(tmp_path: Path) -> None:
    """Whoever shows another certificate than the named one, or where none is named, gets no request."""
    shown, named = tmp_path / "shown.crt", tmp_path / "named.crt"
    for file in (shown, named):
        make_certificate(file, "127.0.0.1")
    for trusted in (str(named), None):
        with (
            encrypted(shown) as url,
            closing(Client(allow(url, ca_file=trusted), None, timeout_s=5)) as client,
            pytest.raises(NoAnswer),
        ):
            client.send(TAGS)
