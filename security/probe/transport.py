"""Connections that can be read on their way (OWASP API8): handshakes that a target must refuse."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Callable, Mapping

from security.guard import Pinned
from security.probe.outcome import CouldNotRunError, Verdict, not_applicable, stopped, succeeded
from security.probe.scene import Scene, require

PATH = "/health"
OLD = {"TLS 1.0": "TLSv1", "TLS 1.1": "TLSv1_1"}
#: What OpenSSL 3 needs before it offers TLS older than 1.2: signatures with SHA-1 lie below its level 1.
CIPHERS = "ALL:@SECLEVEL=0"
LARGEST_HEAD = 4096


def weak_handshake(scene: Scene) -> Verdict:
    """TLS 1.0, TLS 1.1 and plain HTTP, each asked for a page on a connection of its own."""
    pinned = scene.pinned
    if pinned.scheme != "https":
        return not_applicable("The target serves plain HTTP: there is no handshake.")
    status = scene.people.visitor().get(PATH).status_code
    require(status < 500, f"GET {PATH} over today's TLS answers {status}: nothing can be said of older ones.")
    ways: Mapping[str, Callable[[], str]] = {
        **{name: _by_version(pinned, version) for name, version in OLD.items()},
        "plain HTTP": lambda: _asked(_connected(pinned), pinned),
    }
    answers = {name: way() for name, way in ways.items()}
    scene.people.meter.requests += len(answers)
    served = [f"{name} ({answer})" for name, answer in answers.items() if answer]
    if served:
        return succeeded(f"GET {PATH} is answered by {', '.join(served)}.")
    return stopped(f"No answer to GET {PATH} by {', '.join(ways)}; by today's TLS {status}.")


def _by_version(pinned: Pinned, version: str) -> Callable[[], str]:
    """What asks by exactly this version. Raises CouldNotRunError where this machine cannot offer it."""
    context = ssl.create_default_context(cafile=pinned.ca_file)
    context.set_ciphers(CIPHERS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that they are old is why they are tried
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    _require_offer(context, version)

    def ask() -> str:
        try:
            connection = context.wrap_socket(_connected(pinned), server_hostname=pinned.host)
        except OSError:  # an alert, or the end of the connection: no handshake
            return ""
        return _asked(connection, pinned)

    return ask


def _require_offer(context: ssl.SSLContext, version: str) -> None:
    """Raises CouldNotRunError unless the local library begins a handshake of that version."""
    written = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), written, server_hostname="offer.invalid")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        if written.pending:
            return
    except ssl.SSLError as error:
        raise CouldNotRunError(f"This machine's OpenSSL does not offer {version}: {error.reason}.") from error
    raise CouldNotRunError(f"This machine's OpenSSL does not offer {version}.")


def _connected(pinned: Pinned) -> socket.socket:
    return socket.create_connection((pinned.address, pinned.port), timeout=5.0)


def _asked(connection: socket.socket, pinned: Pinned) -> str:
    """The status line of an answer; empty where there is none, or none of HTTP."""
    request = f"GET {PATH} HTTP/1.1\r\nHost: {pinned.host_header}\r\nConnection: close\r\n\r\n"
    with connection:
        try:
            connection.sendall(request.encode())
            head = connection.recv(LARGEST_HEAD)
        except OSError:
            return ""
    line = head.split(b"\r\n", 1)[0].decode("latin-1")
    return line if line.startswith("HTTP/1") else ""
