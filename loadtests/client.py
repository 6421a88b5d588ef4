"""HTTP/1.1 over gevent: kept connections, a pinned address, a source address for each virtual user.

One `Client` speaks for one account to one arm. It connects to the address that the guard pinned and nowhere else: it
resolves no name and follows no redirect. Errors carry a reason, never a header or a body.
"""

from __future__ import annotations

import errno
import ipaddress
import select
import socket
from functools import cache
from typing import Any

import gevent  # type: ignore[import-untyped]
import gevent.socket  # type: ignore[import-untyped]
import gevent.ssl  # type: ignore[import-untyped]
from geventhttpclient._parser import HTTPParseError, HTTPResponseParser
from geventhttpclient.connectionpool import ConnectionPool

from loadtests.accounts import encode
from loadtests.gate import Gate
from loadtests.steps import Answer, Step
from security.guard import Pinned

# Idle connections are kept last in, first out, so few stand open while answers are quick. This bound is only met when a
# target hangs: an open loop must not wait for a connection, so it lies above the arrivals of a time-out at most rates.
MOST_CONNECTIONS = 4096
BLOCK = 65_536

# A later request of the same connection may meet its end: these may be sent again (RFC 9110, 9.2.2).
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_OWN_LIMITS = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM})
_IP_BIND_ADDRESS_NO_PORT = 24  # linux/in.h: choose the port at connect, so that one port serves several targets


class NoAnswer(Exception):  # noqa: N818 - an outcome to be counted
    """The target gave no whole answer: refused, closed, no HTTP, or too late. The message names which."""


class OwnLimit(RuntimeError):  # noqa: N818 - read as `except OwnLimit`
    """This machine, not the target, is at its end: no file descriptors, ports or memory for another connection."""


class Client:
    """Sends steps of one virtual user to one arm, each within `timeout_s`, on as many connections as it takes."""

    def __init__(
        self,
        place: Pinned,
        source: str | None,
        timeout_s: float,
        *,
        header: str = "Authorization",
        gate: Gate | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._gate = gate
        self._pool = _pool(place, source)
        self._common = f"Host: {place.host_header}\r\nUser-Agent: loadtests\r\nAccept: application/json\r\n"
        self._header = header
        self._signed = self._common

    def sign(self, credential: str) -> None:
        """Send this in the credential's header with every signed step from now on."""
        self._signed = f"{self._common}{self._header}: {credential}\r\n"

    def send(self, step: Step) -> Answer:
        """The answer to one step, whatever its status; raises NoAnswer or OwnLimit."""
        request = self._request(step)
        if self._gate:
            self._gate.wait()
        try:
            with gevent.Timeout(self._timeout_s, NoAnswer(f"no answer within {self._timeout_s:g} s")):
                return self._exchange(request, repeatable=step.method in _REPEATABLE, streams=step.streams)
        except OSError as error:
            if error.errno in _OWN_LIMITS:
                raise OwnLimit(f"This machine cannot open another connection: {error.strerror}.") from error
            raise NoAnswer(error.strerror or type(error).__name__) from error
        except HTTPParseError as error:
            raise NoAnswer("the answer is not HTTP") from error

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    def _request(self, step: Step) -> bytes:
        headers = self._signed if step.signed else self._common
        more = "".join(f"{name}: {value}\r\n" for name, value in step.headers.items())
        head = f"{step.method} {step.path} HTTP/1.1\r\n{headers}{more}"
        if step.content is not None:
            body, kind = step.content
        elif step.json is not None:
            body, kind = encode(step.json), "application/json"
        else:
            length = "Content-Length: 0\r\n" if step.method in {"POST", "PUT"} else ""
            return f"{head}{length}\r\n".encode("latin-1")
        return f"{head}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode("latin-1") + body

    def _exchange(self, request: bytes, *, repeatable: bool, streams: bool) -> Answer:
        while True:
            connection, used = self._pool.take(sure=not repeatable)
            try:
                reply = _read(connection, request, to_head=streams)
            except BaseException:
                self._pool.release_socket(connection)
                raise
            if reply is not None and not reply.complete:
                return Answer(reply.status, b"", _Stream(connection, reply, self._pool, self._timeout_s))
            if reply is not None:
                self._pool.give_back(connection, keep=reply.reusable())
                return Answer(reply.status, bytes(reply.body))
            self._pool.release_socket(connection)
            if not (used and repeatable):
                raise NoAnswer("the connection was closed without an answer")


class _Reply(HTTPResponseParser):
    """The parts of a response that journeys need; header fields are parsed in C and let go."""

    def __init__(self) -> None:
        super().__init__()
        self.body = bytearray()
        self.status = 0
        self.complete = False
        self.headed = False

    def reusable(self) -> bool:
        return not self.parser_failed() and self.should_keep_alive()

    def _on_message_begin(self) -> None:
        pass

    def _on_status(self, message: str) -> None:
        pass

    def _on_header_field(self, text: str) -> None:
        pass

    def _on_header_value(self, text: str) -> None:
        pass

    def _on_headers_complete(self) -> bool:
        self.status = self.get_code()
        self.headed = 200 <= self.status < 300
        return False  # True would mean: no body follows, as after HEAD

    def _on_body(self, block: bytes) -> None:
        self.body += block

    def _on_message_complete(self) -> None:
        self.status = self.get_code()
        self.complete = self.status >= 200  # 1xx comes before the answer proper


class _Stream:
    """The rest of an answer whose head is read."""

    def __init__(self, connection: Any, reply: _Reply, pool: _Pinned, timeout_s: float) -> None:
        self._connection, self._reply, self._pool, self._timeout_s = connection, reply, pool, timeout_s

    def read(self, until: bytes) -> bytes:
        """What comes, up to and with the first `until`; raises NoAnswer where that does not come in time."""
        body = self._reply.body
        late = NoAnswer(f"nothing was heard within {self._timeout_s:g} s")
        try:
            with gevent.Timeout(self._timeout_s, late):
                while until not in body:
                    block = self._connection.recv(BLOCK)
                    if not block or self._reply.complete:
                        raise NoAnswer("the stream ended before that was heard")
                    self._reply.feed(block)
        except OSError as error:
            raise NoAnswer(error.strerror or type(error).__name__) from error
        except HTTPParseError as error:
            raise NoAnswer("the answer is not HTTP") from error
        end = body.index(until) + len(until)
        heard = bytes(body[:end])
        del body[:end]
        return heard

    def close(self) -> None:
        """Close the connection: nobody else can use it."""
        self._pool.release_socket(self._connection)


def _read(connection: Any, request: bytes, *, to_head: bool) -> _Reply | None:
    """Send and read one response; None if the peer had closed the connection before it answered anything.

    With `to_head`, a good response is left where its head ends.
    """
    reply = _Reply()
    heard = False
    try:
        connection.sendall(request)
        while not (reply.complete or (to_head and reply.headed)):
            block = connection.recv(BLOCK)
            if not block and not heard:
                return None
            heard = True
            reply.feed(block)  # an empty block ends a body without a length, and is an error anywhere else
            if not block and not reply.complete:
                raise NoAnswer("the connection was closed in the middle of the answer")
    except (ConnectionResetError, BrokenPipeError):
        if heard:
            raise
        return None
    return reply


class _Patient(gevent.socket.socket):  # type: ignore[misc]  # gevent comes without types
    """Waits before it reads: an answer is never there at once, and to look first costs a failing system call."""

    def recv(self, *args: int) -> bytes:
        self._wait(self._read_event)
        return bytes(super().recv(*args))


class _Pinned(ConnectionPool):
    """Connects to one address, from one source address, without delay for small writes; never resolves."""

    address: str
    source: str | None
    _sure: bool

    def take(self, *, sure: bool) -> tuple[Any, bool]:
        """A connection, and whether it was used before; `sure` looks whether the peer has closed it meanwhile.

        The look is a system call; who can repeat a request without harm does better to find out by sending it.
        """
        idle, self._sure = not self._socket_queue.empty(), sure
        connection = self.get_socket()
        return connection, idle

    def give_back(self, connection: Any, *, keep: bool) -> None:
        """Keep a connection for the next request, or close it."""
        if keep:
            self.return_socket(connection)
        else:
            self.release_socket(connection)

    def _resolve(self) -> list[Any]:
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (self.address, self._connection_port))]

    def _create_tcp_socket(self, family: int, socktype: int, protocol: int) -> Any:
        connection = _Patient(family, socktype, protocol)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.source and family == socket.AF_INET and ipaddress.IPv4Address(self.address).is_loopback:
            connection.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
            connection.bind((self.source, 0))
        return connection

    def _is_socket_alive(self, sock: Any) -> bool:
        if not self._sure:
            return True
        # The inherited check calls select(), which fails above descriptor 1023: it would reconnect each time.
        try:
            sock._sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True  # nothing to read, as it should be between two answers
        except OSError:
            return False
        return False  # closed, or a byte that nobody asked for


class _PinnedTLS(_Pinned):
    """The same over TLS; certificates are checked against the name, not the address."""

    ca_file: str | None

    def _connect_socket(self, sock: Any, address: Any) -> Any:
        connected = super()._connect_socket(sock, address)
        return trusting(self.ca_file).wrap_socket(connected, server_hostname=self._request_host)

    def _is_socket_alive(self, sock: Any) -> bool:
        if not self._sure:
            return True
        poll = select.poll()
        poll.register(sock.fileno(), select.POLLIN)
        return not poll.poll(0)  # closed, or bytes that nobody asked for


@cache
def trusting(ca_file: str | None) -> gevent.ssl.SSLContext:
    """TLS that trusts these certificates, or the system's; read at the first connection, one for all clients."""
    return gevent.ssl.create_default_context(cafile=ca_file)


def _pool(place: Pinned, source: str | None) -> _Pinned:
    pool = (_PinnedTLS if place.scheme == "https" else _Pinned)(
        place.host,
        place.port,
        place.host,
        place.port,
        size=MOST_CONNECTIONS,
        connection_timeout=None,  # type: ignore[arg-type]  # none here: a request's own time-out covers
        network_timeout=None,  # type: ignore[arg-type]  # connecting, sending and reading together
    )
    pool.address, pool.source = place.address, source
    if isinstance(pool, _PinnedTLS):
        pool.ca_file = place.ca_file
    return pool
