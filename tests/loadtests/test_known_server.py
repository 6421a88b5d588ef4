import socket
import time

from tests.loadtests.engine_run import Known, known_server

REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


def ask(known: Known, requests: bytes = REQUEST) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", int(known.url.rpartition(":")[2])), timeout=10)
    connection.sendall(requests)
    return connection


def answer(connection: socket.socket, size: int) -> bytes:
    heard = b""
    while len(heard) < size:
        heard += connection.recv(65_536)
    return heard


def test_it_answers_with_a_body_of_the_stated_size_after_the_stated_delay() -> None:
    """1 KB of JSON, 0.2 s after the request; two requests in one packet are two."""
    with known_server("--delay", "0.2", "--size", "1024") as known:
        begun = time.monotonic()
        with ask(known, REQUEST * 2) as connection:
            heard = answer(connection, 2 * 1024)
        assert 0.2 <= time.monotonic() - begun < 1.5
    head, _, rest = heard.partition(b"\r\n\r\n")
    assert b"Content-Length: 1024" in head
    assert rest[:9] == b'{"text": '
    assert known.requests == 2


def test_it_stands_still_for_its_time_and_then_answers_all_at_once() -> None:
    """Requests of the stand-still are answered at its end, those before it at once."""
    with known_server("--freeze-after", "0.3", "--freeze-for", "0.7") as known:
        begun = time.monotonic()
        with ask(known) as first:
            answer(first, 1024)
            at_once = time.monotonic() - begun
        time.sleep(max(0.0, 0.4 - at_once))
        with ask(known) as one, ask(known) as two:
            answer(one, 1024)
            answer(two, 1024)
            ended = time.monotonic() - begun
    assert at_once < 0.3
    assert 1.0 <= ended < 2.0
