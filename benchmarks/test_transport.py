import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure
from benchmarks.levels import each_level
from target_app.controls.model import Kit
from target_app.controls.transport import TRANSPORT

# What the weak level is, and says.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1 is deprecated:DeprecationWarning")

HOST = "127.0.0.1"
ANSWER = b"x" * 2048


class Ends:
    """A client and a server in this process, joined by memory."""

    def __init__(self, server: ssl.SSLContext, client: ssl.SSLContext) -> None:
        to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server = server.wrap_bio(to_server, to_client, server_side=True)
        self.client = client.wrap_bio(to_client, to_server, server_hostname=HOST)

    def shake(self) -> None:
        """The whole handshake: both ends in turn, until neither waits."""
        waiting = [self.client, self.server]
        while waiting:
            waiting = [end for end in waiting if not done(end)]

    def answer(self) -> bytes:
        """An answer of two kilobytes, encrypted and decrypted."""
        self.server.write(ANSWER)
        return self.client.read(len(ANSWER))


def done(end: ssl.SSLObject) -> bool:
    """Whether this end's part of the handshake is over."""
    try:
        end.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


@pytest.fixture
def join(kit: Kit, tmp_path: Path) -> Callable[[str], Callable[[], Ends] | None]:
    """`join(level)`: what makes two ends at a level; None where there is no TLS."""

    def joining(level: str) -> Callable[[], Ends] | None:
        options = TRANSPORT.level(level).build(kit).options(tmp_path / "made.crt", HOST)
        if not options:
            return None

        def made() -> ssl.SSLContext:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(options["ssl_certfile"], options["ssl_keyfile"])
            return context

        server = options["ssl_context_factory"](None, made)
        client = ssl.create_default_context(cafile=options["ssl_certfile"])
        return lambda: Ends(server, client)

    return joining


@each_level(TRANSPORT)
def test_handshake(benchmark: BenchmarkFixture, join: Callable[[str], Callable[[], Ends] | None], level: str) -> None:
    """Hypothesis: without resumption, both ends together take about 1 ms; a client of today speaks TLS 1.3 with each
    level. HTTP has none.
    """
    ends = join(level)
    measure(benchmark, (lambda: None) if ends is None else (lambda: ends().shake()))


@each_level(TRANSPORT)
def test_answer(benchmark: BenchmarkFixture, join: Callable[[str], Callable[[], Ends] | None], level: str) -> None:
    """Hypothesis: the cryptography of a kept connection is 3 µs for an answer, far less than what a loop does for TLS
    (`tradeoff duet hardened hardened,transport=tls13`).
    """
    joined = join(level)
    if joined is None:
        measure(benchmark, lambda: None)
        return
    ends = joined()
    ends.shake()
    assert measure(benchmark, ends.answer) == ANSWER
